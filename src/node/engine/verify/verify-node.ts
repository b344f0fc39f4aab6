import { CodedError, isCoded } from '../../../shared/coded-error.ts'
import type { BlockAddress } from '../../core/base/address.ts'
import { addressBytes, addressFromBytes } from '../../core/base/address.ts'
import { emptyBytes, equalBytes, toHex } from '../../core/base/bytes.ts'
import { decodeContentCopy, isGenuineContent } from '../../core/block/content-block.ts'
import { decodeManifest } from '../../core/block/manifest.ts'
import { decodeRemovalProof, decodeTombstone, isGenuineRemoval } from '../../core/block/removal.ts'
import { decodeSignedBatch, isGenuineBatch } from '../../core/block/signed-batch.ts'
import type { BlockRecord, MapHead } from '../../core/consensus/block-record.ts'
import { isLonely, isLonelyAt } from '../../core/consensus/group.ts'
import { decodeBlockRecord } from '../../core/consensus/record-codec.ts'
import { acceptedKey, decodeAccepted, decodeVote, slotOfAcceptedKey } from '../../core/consensus/vote-codec.ts'
import type { Entry } from '../../core/kv/entry.ts'
import { decodeEntry } from '../../core/kv/entry.ts'
import { userKeyOf } from '../../core/kv/record-keys.ts'
import { decodeRootSection } from '../../core/overlay/root-section.ts'
import type { RecordFamily, VerifyReport } from '../../ports/record-store.ts'
import type { BlockParts } from '../block/block-parts.ts'
import { genuineVersion } from '../block/signed-block-state.ts'
import type { ContentReplicas } from '../content/content-replicas.ts'
import { countRecords } from '../count-records.ts'

export interface VerifyParts extends Pick<BlockParts, 'store' | 'crypto' | 'limits' | 'pipeline' | 'networkId' | 'verified'> {
  /** Knows of blocks that are not here; without it they are taken as missing, unless other nodes hold blocks too. */
  readonly content?: Pick<ContentReplicas, 'has'>
  /** Whether the page, asked as of now, has this entry at a key: what is here may be a copy that its members know nothing of any more. */
  readonly isCurrent?: (page: BlockAddress, key: Uint8Array, entry: Entry, signal: AbortSignal) => Promise<boolean>
  /** Other nodes hold blocks, and cannot be asked. */
  readonly isPartial?: boolean
  /** Of the node whose store it is. */
  readonly nodeId: Uint8Array
  /** The network's root, whose entries are sections. */
  readonly root: BlockAddress
  /** The store was recovered or lost records: what its blocks count is put right when its network takes it back. */
  readonly countsPending?: boolean
  /** Findings name users' keys: for who looks at the store on a terminal, never for a log. */
  readonly namesKeys?: boolean
}

const unhurried = new AbortController().signal

/** Whatever a terminal would obey or turn around. */
const unseen = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

function quotedKey(key: Uint8Array): string {
  const text = JSON.stringify(Buffer.from(key).toString('utf8'))
  return text.replace(unseen, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`)
}

/** Keys looked at in one step; their values are read one by one, so that a damaged one hides no other. */
const recordsAtOnce = 256

/** Verifies everything that the store holds: the records themselves, then what a node asks of them. */
export async function verifyNode(parts: VerifyParts, signal?: AbortSignal): Promise<VerifyReport> {
  const report = await parts.store.verify(signal)
  return { ...report, findings: [...report.findings, ...(await verifyRules(parts, signal))] }
}

/**
 * Verifies in bounded steps, and changes nothing: the hash of every content block, the signature of every version, removal and last
 * batch, the sizes of the pages, that votes and accepted entries can be read, and that every value named by an entry is there. One line for each thing found wrong.
 */
export async function verifyRules(parts: VerifyParts, signal?: AbortSignal): Promise<readonly string[]> {
  return await new Verification(parts, signal).run()
}

class Verification {
  readonly #parts: VerifyParts
  readonly #signal: AbortSignal | undefined
  readonly #findings: string[] = []
  /** Entries found of each page, and their bytes. */
  readonly #entries = new Map<string, { records: number; bytes: number }>()
  /** Where the log of each map stood before its entries were counted: one that went on meanwhile is not compared. */
  readonly #indexBefore = new Map<string, bigint>()
  #unlisted = 0

  constructor(parts: VerifyParts, signal: AbortSignal | undefined) {
    this.#parts = parts
    this.#signal = signal
  }

  async run(): Promise<readonly string[]> {
    await this.#walk('content', (key, value) => this.#content(key, value))
    await this.#walk('tombstone', (key, value) => this.#tombstone(key, value))
    await this.#walk('block', (key, value) => this.#noteIndex(key, value))
    await this.#walk('entry', (key, value) => this.#entry(key, value))
    await this.#walk('block', (key, value) => this.#block(key, value))
    await this.#walk('accepted', (key, value) => this.#accepted(key, value))
    await this.#walk('vote', (key, value) => this.#vote(key, value))
    if (this.#unlisted > 0) this.#findings.push(`and ${this.#unlisted} findings more`)
    return this.#findings
  }

  async #walk(family: RecordFamily, visit: (key: Uint8Array, value: Uint8Array) => void | Promise<void>): Promise<void> {
    let after: Uint8Array = emptyBytes
    for (;;) {
      this.#signal?.throwIfAborted()
      const page = await this.#parts.store.scan(family, { after, limit: recordsAtOnce, keysOnly: true })
      for (const { key } of page) {
        after = key
        const value = await this.#valueOf(family, key)
        if (value !== undefined) await visit(key, value)
      }
      if (page.length < recordsAtOnce) return
    }
  }

  /** Undefined for a record that the store itself finds damaged, which is in its report, and for one that went meanwhile. */
  async #valueOf(family: RecordFamily, key: Uint8Array): Promise<Uint8Array | undefined> {
    try {
      return await this.#parts.store.get(family, key)
    } catch (error) {
      if (isCoded(error, 'data-corrupt')) return undefined
      throw error
    }
  }

  #content(key: Uint8Array, value: Uint8Array): void {
    const address = addressFromBytes(key)
    const copy = address && decodeContentCopy(address, value)
    if (copy === undefined) this.#find('content', key, 'cannot be read')
    else if (!isGenuineContent(this.#parts.crypto, copy)) this.#find('content', key, 'is not what its address says')
  }

  #tombstone(key: Uint8Array, value: Uint8Array): void {
    const tombstone = decodeTombstone(value)
    const { crypto, networkId } = this.#parts
    if (tombstone === undefined || !equalBytes(tombstone.proof.address, key)) this.#find('tombstone', key, 'cannot be read')
    else if (!isGenuineRemoval(crypto, networkId, tombstone.proof)) this.#find('tombstone', key, 'has a proof that does not hold')
  }

  #accepted(key: Uint8Array, value: Uint8Array): void {
    if (slotOfAcceptedKey(key) === undefined || decodeAccepted(value) === undefined) this.#find('accepted', key, 'cannot be read')
  }

  #vote(key: Uint8Array, value: Uint8Array): void {
    if (key.length !== addressBytes || decodeVote(value) === undefined) this.#find('vote', key, 'cannot be read')
  }

  async #entry(key: Uint8Array, value: Uint8Array): Promise<void> {
    const page = key.subarray(0, addressBytes)
    const pageName = toHex(page)
    const found = this.#entries.get(pageName) ?? { records: 0, bytes: 0 }
    found.records++
    found.bytes += key.length - addressBytes + value.length
    this.#entries.set(pageName, found)
    if (equalBytes(page, this.#parts.root)) {
      if (decodeRootSection(value) === undefined) this.#find('entry', page, 'has a section that cannot be read')
      return
    }
    const entry = decodeEntry(value)
    if (entry === undefined) {
      this.#find('entry', page, 'has an entry that cannot be read')
      return
    }
    const missing = await this.#missingPart(entry.address, entry.chunks > 0)
    if (missing === undefined) return
    // The key may have been changed since it was read; only what it names now has to be there.
    const now = await this.#valueOf('entry', key)
    if (now === undefined || !equalBytes(now, value) || (await this.#isStale(page))) return
    if (!(await this.#isCurrent(page, key, entry))) return
    const named = this.#parts.namesKeys === true ? `: the value of key ${quotedKey(userKeyOf(key))} is lost` : ''
    this.#find('entry', page, `names a value whose block ${toHex(missing)} is missing${named}`)
  }

  /**
   * What this store has of the page is from before, and what it names may be gone: it is no member of its group, or has entries that are
   * not applied here, since a member hears with the next one that they are chosen.
   */
  async #isStale(page: Uint8Array): Promise<boolean> {
    const { storeId } = this.#parts.store.identity
    const address = addressFromBytes(page)
    const bytes = await this.#valueOf('block', page)
    const record = address && bytes && decodeBlockRecord(address, bytes)
    if (record === undefined || address === undefined) return false
    // A store that was recovered by force has another id than the one that was alone.
    if (isLonely(record.group)) return !isLonelyAt(record.group, this.#parts.nodeId)
    const next = acceptedKey(address, Number(record.committedIndex) + 1)
    return (
      !record.group.members.some((member) => equalBytes(member.storeId, storeId)) ||
      (await this.#parts.store.has('accepted', next))
    )
  }

  /** A member that was let go while it was away holds what it was a member of, and takes itself for one. Where too few nodes answer nothing is found wrong. */
  async #isCurrent(page: Uint8Array, key: Uint8Array, entry: Entry): Promise<boolean> {
    const { isCurrent } = this.#parts
    const address = addressFromBytes(page)
    if (isCurrent === undefined || address === undefined) return true
    try {
      return await isCurrent(address, userKeyOf(key), entry, this.#signal ?? unhurried)
    } catch (error) {
      if (isCoded(error, 'unavailable')) return false
      throw error
    }
  }

  /** The first block of a value that is not there. What is there is verified as content. */
  async #missingPart(address: BlockAddress, isManifest: boolean): Promise<BlockAddress | undefined> {
    if (!(await this.#parts.store.has('content', address)) && !(await this.#isElsewhere(address))) return address
    if (!isManifest) return undefined
    const manifest = await this.#manifestAt(address)
    for (const part of manifest?.parts ?? []) {
      const missing = await this.#missingPart(part.address, (manifest?.level ?? 0) > 0)
      if (missing !== undefined) return missing
    }
    return undefined
  }

  /** Where too few nodes answer nothing is found wrong. */
  async #isElsewhere(address: BlockAddress): Promise<boolean> {
    const { content, isPartial } = this.#parts
    if (content === undefined) return isPartial === true
    try {
      return await content.has(address, this.#signal ?? unhurried)
    } catch (error) {
      // A copy that does not verify is found as what it is.
      if (isCoded(error, 'unavailable') || isCoded(error, 'data-corrupt')) return true
      throw error
    }
  }

  async #manifestAt(address: BlockAddress): Promise<ReturnType<typeof decodeManifest>> {
    const bytes = await this.#valueOf('content', address)
    const copy = bytes && decodeContentCopy(address, bytes)
    if (copy === undefined) return undefined
    try {
      const manifest = decodeManifest(await this.#parts.pipeline.open(copy))
      if (manifest === undefined) this.#find('content', address, 'is no manifest although an entry says so')
      return manifest
    } catch (error) {
      if (!(error instanceof CodedError)) throw error
      this.#find('content', address, 'cannot be opened')
      return undefined
    }
  }

  #noteIndex(key: Uint8Array, value: Uint8Array): void {
    const address = addressFromBytes(key)
    const record = address && decodeBlockRecord(address, value)
    if (record?.state.kind === 'map') this.#indexBefore.set(toHex(key), record.committedIndex)
  }

  async #block(key: Uint8Array, value: Uint8Array): Promise<void> {
    const address = addressFromBytes(key)
    const record = address && decodeBlockRecord(address, value)
    if (record === undefined) {
      this.#find('block', key, 'cannot be read')
      return
    }
    if (!this.#isGenuine(record)) this.#find('block', key, 'has a signature that does not hold')
    if (this.#parts.countsPending === true || (await this.#isInstalling(key))) return
    if (record.state.kind === 'map') this.#compareEntries(record, record.state.head)
    await this.#compareOutcomes(key, value, record)
  }

  /** A snapshot is replacing the state: what is here of it is not whole, and nothing reads it. */
  async #isInstalling(key: Uint8Array): Promise<boolean> {
    const bytes = await this.#valueOf('vote', key)
    return bytes !== undefined && decodeVote(bytes)?.installing === true
  }

  #compareEntries({ address, committedIndex }: BlockRecord, head: MapHead): void {
    const name = toHex(address)
    if (this.#indexBefore.get(name) !== committedIndex) return
    const { records, bytes } = this.#entries.get(name) ?? { records: 0, bytes: 0 }
    if (records !== head.recordCount) this.#find('block', address, `says ${head.recordCount} entries and has ${records}`)
    else if (bytes !== head.recordBytes)
      this.#find('block', address, `says ${head.recordBytes} bytes of entries and has ${bytes}`)
  }

  async #compareOutcomes(key: Uint8Array, value: Uint8Array, { address, outcomeCount }: BlockRecord): Promise<void> {
    const { records } = await countRecords(this.#parts.store, 'outcome', address, this.#signal)
    if (records === outcomeCount) return
    // Counted while the block was changed, they may be of its next record.
    const now = await this.#valueOf('block', key)
    if (now === undefined || !equalBytes(now, value)) return
    this.#find('block', address, `says ${outcomeCount} outcomes and has ${records}`)
  }

  #isGenuine(record: BlockRecord): boolean {
    const { crypto, networkId } = this.#parts
    const { state } = record
    if (state.kind === 'signed') return genuineVersion(this.#parts, record) !== undefined
    if (state.kind === 'map') return this.#isGenuineMap(state.head)
    const proof = decodeRemovalProof(state.proof)
    if (proof === undefined || !equalBytes(proof.address, record.address)) return false
    return (
      proof.generation === record.generation && proof.version === record.version && isGenuineRemoval(crypto, networkId, proof)
    )
  }

  #isGenuineMap(head: MapHead): boolean {
    const { crypto, networkId } = this.#parts
    if (head.lastBatch.length === 0) return true
    const batch = decodeSignedBatch(head.lastBatch)
    return batch !== undefined && isGenuineBatch(crypto, networkId, batch)
  }

  #find(family: RecordFamily, key: Uint8Array, what: string): void {
    if (this.#findings.length < this.#parts.limits.findingsMax) this.#findings.push(`${family}: ${toHex(key)} ${what}`)
    else this.#unlisted++
  }
}
