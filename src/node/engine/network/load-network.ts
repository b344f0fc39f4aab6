import { CodedError, isCoded } from '../../../shared/coded-error.ts'
import { nodeIdOf } from '../../core/access/user-keys.ts'
import type { BlockAddress } from '../../core/base/address.ts'
import { addressText } from '../../core/base/address.ts'
import { equalBytes, prefixEnd, toHex } from '../../core/base/bytes.ts'
import { rootBlockAddress } from '../../core/block/map-block.ts'
import type { SignedBatch } from '../../core/block/signed-batch.ts'
import { decodeSignedBatch, isGenuineBatch } from '../../core/block/signed-batch.ts'
import type { BlockRecord, MapHead } from '../../core/consensus/block-record.ts'
import { isLonelyAt } from '../../core/consensus/group.ts'
import { decodeBlockRecord } from '../../core/consensus/record-codec.ts'
import { decodeVote } from '../../core/consensus/vote-codec.ts'
import { userKeyOf } from '../../core/kv/record-keys.ts'
import type { NamedSection } from '../../core/overlay/named-sections.ts'
import { placeOf } from '../../core/overlay/placement-map.ts'
import { decodeRootSection } from '../../core/overlay/root-section.ts'
import type { Crypto } from '../../ports/crypto.ts'
import type { RecordStore } from '../../ports/record-store.ts'
import { readLeftBehind } from './left-behind.ts'
import type { Sections } from './network-facts.ts'
import { damaged, foreignKey, networkFacts } from './network-facts.ts'
import type { NetworkRecord } from './network-record.ts'
import { removalAt } from './network-removal.ts'
import type { NetworkState } from './network-state.ts'
import type { NodeKeys } from './node-keys.ts'
import { readRootCopy } from './root-copy.ts'
import { sectionDigest } from './root-sections.ts'

/** Sections of a root that are read at a time. */
const sectionsAtOnce = 256

export interface LoadingParts {
  readonly crypto: Crypto
  readonly store: RecordStore
  readonly keys: NodeKeys
}

/** The root as it was read and verified. */
export interface LoadedRoot {
  readonly state: NetworkState
  /** Undefined where this node holds a copy of the sections only. */
  readonly held: { readonly record: BlockRecord; readonly head: MapHead } | undefined
}

/**
 * Reads the network of this store and verifies all of it: hashes, signatures, and that keys and store are the ones that it names.
 * Throws CodedError `store-damaged`, `key-unavailable` or `store-newer-format`.
 */
export async function loadNetwork(parts: LoadingParts, kept: NetworkRecord): Promise<LoadedRoot> {
  const { crypto, store, keys } = parts
  const { networkId } = kept
  const root = rootBlockAddress(crypto, networkId)
  const nodeId = nodeIdOf(crypto, keys.node.publicKey)
  const isHeld = (await store.has('block', root)) && !(await isInstalling(store, root, nodeId))
  const copy = isHeld ? undefined : await readRootCopy(store, networkId)
  const held = copy === undefined ? await readHeldRoot(parts, networkId, root) : undefined
  const sections = held?.sections ?? sectionsByName(copy?.sections ?? [])
  const facts = networkFacts(parts, networkId, sections)
  // Whom the map names alone nobody has taken out, also where a damaged index could not tell.
  const isOnlyOne = facts.placement.places.length === 1 && placeOf(facts.placement, nodeId) !== undefined
  const removal = isOnlyOne ? undefined : await removalAt(store, facts, nodeId)
  if (removal === undefined && placeOf(facts.placement, nodeId) === undefined) throw foreignKey('node')
  // A node that joined brings its pages to where the others have them when it runs.
  if (removal === undefined && facts.placement.places.length === 1)
    for (const page of facts.stores.values()) await assertPage(store, page, networkId)
  const { storeId, bootCount } = store.identity
  const recovery = Math.max(kept.recovery, facts.recoveries.at(-1)?.proof.number ?? 0)
  const self = { nodeId, storeId, bootCount, recovery }
  const rootGroup = held?.record.group ?? copy?.group
  if (rootGroup === undefined) throw damaged(networkId, 'nobody holds its root')
  // Only who has had others can have been left behind by them.
  const hadOthers = facts.placement.places.length > 1 || recovery > 0
  const proof = hadOthers ? await readLeftBehind(store) : undefined
  const leftBehind = proof !== undefined && proof.number > recovery ? proof : undefined
  return { state: { ...facts, networkId, root, rootGroup, keys, self, leftBehind, removal }, held }
}

export function sectionsByName(sections: readonly NamedSection[]): Sections {
  return new Map(sections.map((each) => [toHex(each.name), each]))
}

async function readHeldRoot(
  { crypto, store }: LoadingParts,
  networkId: Uint8Array,
  root: BlockAddress,
): Promise<{ readonly record: BlockRecord; readonly head: MapHead; readonly sections: Sections }> {
  const record = await readPageRecord(store, root, 'root')
  if (record.state.kind !== 'map' || record.state.head.page !== 'root') throw damaged(networkId, 'its root is another block')
  const { head } = record.state
  const sections = sectionsByName(await readSections(store, root, networkId))
  if (sections.size !== head.recordCount) throw damaged(networkId, 'sections of its root are missing')
  verifyLastBatch(crypto, networkId, root, head, sections)
  return { record, head, sections }
}

/** A state that was being replaced when the node ended is none. */
async function isInstalling(store: RecordStore, root: BlockAddress, nodeId: Uint8Array): Promise<boolean> {
  const found = await store.get('block', root)
  const record = found && decodeBlockRecord(root, found)
  // Nobody gives a snapshot to a group of this node alone that nobody learns from.
  if (record === undefined || isLonelyAt(record.group, nodeId)) return false
  const bytes = await store.get('vote', root)
  return bytes !== undefined && decodeVote(bytes)?.installing === true
}

async function assertPage(store: RecordStore, page: BlockAddress, networkId: Uint8Array): Promise<void> {
  const { state } = await readPageRecord(store, page, 'page of a key-value store')
  if (state.kind !== 'map' || state.head.page !== 'key-value') throw damaged(networkId, 'a key-value store has no page')
}

async function readPageRecord(store: RecordStore, address: BlockAddress, what: string): Promise<BlockRecord> {
  const where = `(family block, ${addressText(address)})`
  let bytes: Uint8Array | undefined
  try {
    bytes = await store.get('block', address)
  } catch (error) {
    if (!isCoded(error, 'data-corrupt')) throw error
    throw new CodedError('store-damaged', `the record of the ${what} ${where} is damaged`, { cause: error })
  }
  if (bytes === undefined) throw new CodedError('store-damaged', `the record of the ${what} ${where} is missing`)
  const record = decodeBlockRecord(address, bytes)
  if (record === undefined) throw new CodedError('store-damaged', `the record of the ${what} ${where} cannot be read`)
  return record
}

/** The sections of a root that this store holds. */
export async function readSections(
  store: RecordStore,
  root: BlockAddress,
  networkId: Uint8Array,
): Promise<readonly NamedSection[]> {
  const sections: NamedSection[] = []
  const before = prefixEnd(root)
  let after: Uint8Array = root
  for (;;) {
    const records = await store.scan('entry', { after, ...(before && { before }), limit: sectionsAtOnce })
    for (const { key, value } of records) {
      after = key
      const section = decodeRootSection(value)
      if (section === undefined) throw damaged(networkId, 'a section of its root cannot be read')
      sections.push({ name: userKeyOf(key), section })
    }
    if (records.length < sectionsAtOnce) return sections
  }
}

/** The last change of the root was signed by a node of the network, and what it wrote is still what is there. */
function verifyLastBatch(crypto: Crypto, networkId: Uint8Array, root: BlockAddress, head: MapHead, sections: Sections): void {
  const batch = decodeSignedBatch(head.lastBatch)
  if (batch === undefined || !isGenuineBatch(crypto, networkId, batch) || !equalBytes(batch.destination, root)) {
    throw damaged(networkId, 'the signature of the last change of its root does not hold')
  }
  const written = new Map(batch.operations.map((operation) => [toHex(operation.keyDigest), operation.valueAddress]))
  for (const { name, section } of sections.values()) {
    if (!isOfBatch(section, batch)) continue
    const digest = written.get(toHex(crypto.sha256(name)))
    if (digest === undefined || !equalBytes(digest, sectionDigest(crypto, section.body))) {
      throw damaged(networkId, 'a section of its root is not what was signed')
    }
  }
}

function isOfBatch(section: NamedSection['section'], batch: SignedBatch): boolean {
  return section.sequence === batch.sequence && equalBytes(section.session, batch.session)
}
