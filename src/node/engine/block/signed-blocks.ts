import { assert } from '../../../shared/assert.ts'
import { CodedError, isCoded } from '../../../shared/coded-error.ts'
import type { BlockAddress } from '../../core/base/address.ts'
import { addressText, parseAddress } from '../../core/base/address.ts'
import { emptyBytes, equalBytes, prefixEnd } from '../../core/base/bytes.ts'
import { hlcFromMs } from '../../core/base/hybrid-clock.ts'
import type { RequestId } from '../../core/base/request-id.ts'
import { namedBlockAddress } from '../../core/block/named-block.ts'
import { ownerBlockAddress, ownerSaltBytes } from '../../core/block/owner-block.ts'
import type { BlockRecord } from '../../core/consensus/block-record.ts'
import { issuedOfOutcomeKey } from '../../core/consensus/outcome.ts'
import type { RecordWrite } from '../../ports/record-store.ts'
import { Mailboxes } from '../mailbox.ts'
import type { BlockParts } from './block-parts.ts'
import type { BlockStat, BlockView, UpdateResult } from './block-service.ts'
import { corrupt } from './content-blocks.ts'
import type { SignedDraft } from './draft-checks.ts'
import { genuineVersion, loadSignedBlock, openPayload, readBlockRecord, signedView } from './signed-block-state.ts'
import type { ForgottenRecords, SignedAnswer, SignedChange } from './signed-block-turn.ts'
import { SignedBlockTurn } from './signed-block-turn.ts'

/** Rough size of a change in a batch beside its payload. */
const changeBytes = 1024
/** Outcomes looked at when new ones are kept, so that a backlog shrinks. */
const outcomesAtOnce = 64

/** Outcomes of a forgotten block that go in one batch. */
const outcomesDropped = 1024
const forgotten: SignedAnswer = { kind: 'removed' }

/** Owner and named blocks: each change a whole signed version, decided in turns by the block's mailbox. */
export class SignedBlocks {
  readonly #parts: BlockParts
  readonly #mailboxes: Mailboxes<SignedChange | 'forget', SignedAnswer>

  constructor(parts: BlockParts) {
    this.#parts = parts
    this.#mailboxes = new Mailboxes(parts.limits, (block, changes) => this.#turn(block, changes))
  }

  stop(): Promise<void> {
    return this.#mailboxes.stop()
  }

  makeOwner(owner: Uint8Array): BlockView {
    const { crypto, random, user } = this.#parts
    const salt = random.bytes(ownerSaltBytes)
    return this.#unborn('owner', ownerBlockAddress(crypto, user.signing.publicKey, salt), salt, emptyBytes, owner)
  }

  makeNamed(name: Uint8Array): BlockView {
    return this.#unborn('named', this.namedAddress(name), emptyBytes, name, emptyBytes)
  }

  namedAddress(name: Uint8Array): BlockAddress {
    return namedBlockAddress(this.#parts.crypto, this.#parts.user.signing.publicKey, name)
  }

  async insert(draft: SignedDraft, requestId: RequestId | undefined, signal: AbortSignal): Promise<BlockView> {
    const answer = await this.#submit(draft.address, { kind: 'insert', draft, requestId }, signal)
    if (answer.kind === 'removed') throw new CodedError('internal', 'an insertion was answered as a removal')
    return signedView(this.#parts, answer.current, { decrypt: false })
  }

  async fetch(address: BlockAddress, options: { readonly decrypt: boolean }): Promise<BlockView | undefined> {
    const { current } = await loadSignedBlock(this.#parts, address)
    return current === undefined ? undefined : signedView(this.#parts, current, options)
  }

  async update(
    draft: SignedDraft,
    options: { readonly decrypt: boolean },
    requestId: RequestId | undefined,
    signal: AbortSignal,
  ): Promise<UpdateResult> {
    const answer = await this.#submit(draft.address, { kind: 'update', draft, requestId }, signal)
    if (answer.kind === 'removed') throw new CodedError('internal', 'an update was answered as a removal')
    const block = signedView(this.#parts, answer.current, options)
    if (answer.kind === 'conflict') return { kind: 'conflict', current: block }
    return { kind: answer.kind === 'stored' ? 'updated' : 'unchanged', block }
  }

  async remove(address: BlockAddress, requestId: RequestId | undefined, signal: AbortSignal): Promise<void> {
    await this.#submit(address, { kind: 'remove', requestId }, signal)
  }

  async forgetRemoval(address: BlockAddress, signal: AbortSignal): Promise<void> {
    await this.#mailboxes.submit(addressText(address), 'forget', changeBytes, signal)
  }

  async stat(address: BlockAddress): Promise<BlockStat | undefined> {
    const record = await readBlockRecord(this.#parts, address)
    if (record === undefined || record.state.kind === 'removed') return undefined
    const { version, generation } = record
    if (record.state.kind === 'map') {
      const { recordBytes } = record.state.head
      const sizes = { storedBytes: recordBytes, plainBytes: recordBytes }
      const fields = { kind: 'map', codec: 'none', cipher: 'none', writer: emptyBytes, verified: true } as const
      return { ...fields, address, version, generation, ...sizes }
    }
    const signed = genuineVersion(this.#parts, record)
    if (signed === undefined) throw corrupt(address)
    const { kind, writer, payload } = signed
    const isOwn = equalBytes(writer, this.#parts.user.signing.publicKey)
    const storedBytes = payload.length
    const plainBytes = kind === 'owner' && isOwn ? openPayload(this.#parts, signed).length : storedBytes
    const cipher = kind === 'owner' ? 'sealed-to-owner' : 'none'
    return { kind, address, version, generation, storedBytes, plainBytes, writer, codec: 'none', cipher, verified: true }
  }

  #unborn(kind: 'owner' | 'named', address: BlockAddress, salt: Uint8Array, name: Uint8Array, owner: Uint8Array): BlockView {
    const ownerKey = this.#parts.user.signing.publicKey
    const empty = { signature: emptyBytes, data: emptyBytes, header: emptyBytes }
    return { kind, address, salt, owner, ownerKey, name, version: -1n, generation: 0n, ...empty }
  }

  #submit(address: BlockAddress, change: SignedChange, signal: AbortSignal): Promise<SignedAnswer> {
    const payload = change.kind === 'remove' ? 0 : (change.draft.plain ?? change.draft.data ?? emptyBytes).length
    return this.#mailboxes.submit(addressText(address), change, changeBytes + payload, signal)
  }

  async #turn(block: string, requests: readonly (SignedChange | 'forget')[]): Promise<readonly (SignedAnswer | CodedError)[]> {
    const changes = requests.filter((request) => request !== 'forget')
    if (changes.length > 0) {
      const answers = await this.#change(block, changes)
      let next = 0
      // Forgetting waits for the next round where the block is in use.
      return requests.map((request) => (request === 'forget' ? forgotten : (answers[next++] ?? forgotten)))
    }
    await this.#forget(addressOf(block))
    return requests.map(() => forgotten)
  }

  async #forget(address: BlockAddress): Promise<void> {
    const { store, clock, limits } = this.#parts
    const record = await readBlockRecord(this.#parts, address)
    if (record?.state.kind !== 'removed' || clock.last - record.state.removed <= hlcFromMs(limits.horizonMs)) return
    const before = prefixEnd(address)
    const limit = Math.min(outcomesDropped, limits.scanRecordsMax)
    const outcomes = await store.scan('outcome', { from: address, ...(before && { before }), limit, keysOnly: true })
    const writes: RecordWrite[] = outcomes.map(({ key }) => ({ kind: 'delete', family: 'outcome', key }))
    if (outcomes.length < limit) writes.push({ kind: 'delete', family: 'block', key: address })
    await store.commit(writes, { space: 'reserve' })
  }

  /** Where a full store refuses the turn, its removals are carried out alone: they use the space that is kept for them. */
  async #change(block: string, changes: readonly SignedChange[]): Promise<readonly (SignedAnswer | CodedError)[]> {
    const removals = changes.filter((change) => change.kind === 'remove')
    try {
      return await this.#carryOut(block, changes, removals.length === changes.length)
    } catch (error) {
      if (!isCoded(error, 'storage-full') || removals.length === 0 || removals.length === changes.length) throw error
      const answers = await this.#carryOut(block, removals, true)
      let next = 0
      return changes.map((change) => (change.kind === 'remove' ? (answers[next++] ?? error) : error))
    }
  }

  async #carryOut(
    block: string,
    changes: readonly SignedChange[],
    removesOnly: boolean,
  ): Promise<readonly (SignedAnswer | CodedError)[]> {
    const address = addressOf(block)
    const loaded = await loadSignedBlock(this.#parts, address)
    const forgotten = await this.#toForget(loaded.record, changes)
    const turn = new SignedBlockTurn(this.#parts, address, loaded, forgotten)
    const answers: (SignedAnswer | CodedError)[] = []
    for (const change of changes) {
      try {
        answers.push(await turn.decide(change))
      } catch (error) {
        if (!(error instanceof CodedError)) throw error
        answers.push(error)
      }
    }
    const writes = turn.writes()
    if (writes.length > 0) await this.#parts.store.commit(writes, { space: removesOnly ? 'reserve' : 'normal' })
    return answers
  }

  /** The oldest outcomes of the block that are past their retention, or too many. Asked only when new ones are to be kept. */
  async #toForget(record: BlockRecord | undefined, changes: readonly SignedChange[]): Promise<ForgottenRecords | undefined> {
    const { store, clock, limits } = this.#parts
    const fresh = changes.filter(({ requestId }) => requestId !== undefined).length
    if (record === undefined || fresh === 0 || record.outcomeCount === 0) return undefined
    const expired = clock.last - hlcFromMs(limits.outcomeRetentionMs)
    const excess = record.outcomeCount + fresh - limits.outcomesMax
    const limit = Math.min(Math.max(outcomesAtOnce, 2 * excess), limits.scanRecordsMax)
    const before = prefixEnd(record.address)
    let damaged = false
    const incomplete = () => {
      damaged = true
    }
    const damage = { unreadable: () => undefined, incomplete }
    const found = await store.scan('outcome', { from: record.address, ...(before && { before }), limit, keysOnly: true, damage })
    // Those that it hides would be counted for ever.
    if (damaged) return undefined
    const keys: Uint8Array[] = []
    let floor = 0n
    for (const { key } of found) {
      const issued = issuedOfOutcomeKey(key)
      assert(issued !== undefined, 'the family holds outcomes only')
      // Outcomes of one stamp go together: at or below the floor none would be found again.
      if (issued >= expired && keys.length >= excess && issued !== floor) break
      floor = issued
      keys.push(key)
    }
    return keys.length === 0 ? undefined : { floor, count: keys.length, keys }
  }
}

function addressOf(block: string): BlockAddress {
  const address = parseAddress(block)
  assert(address !== undefined, 'mailboxes are named by addresses')
  return address
}
