import { assert } from '../../../shared/assert.ts'
import { CodedError } from '../../../shared/coded-error.ts'
import type { BlockAddress } from '../../core/base/address.ts'
import { addressText, parseAddress } from '../../core/base/address.ts'
import { emptyBytes, equalBytes, prefixEnd } from '../../core/base/bytes.ts'
import { hlcFromMs } from '../../core/base/hybrid-clock.ts'
import type { RequestId } from '../../core/base/request-id.ts'
import { namedBlockAddress } from '../../core/block/named-block.ts'
import { ownerBlockAddress, ownerSaltBytes } from '../../core/block/owner-block.ts'
import type { RecordWrite } from '../../ports/record-store.ts'
import type { CallContext } from '../call-context.ts'
import { Mailboxes } from '../mailbox.ts'
import type { BlockParts } from './block-parts.ts'
import type { BlockStat, BlockView, UpdateResult } from './block-service.ts'
import type { SignedDraft } from './draft-checks.ts'
import type { BlockCluster } from './signed-block-calls.ts'
import { SignedBlockCalls } from './signed-block-calls.ts'
import type { SignedAnswer, SignedChange } from './signed-block-change.ts'
import { changedMeanwhile, SignedBlockChange } from './signed-block-change.ts'
import type { SignedBlockPrimary } from './signed-block-primary.ts'
import { currentVersion, openPayload, readBlockRecord, signedView } from './signed-block-state.ts'

/** Rough size of a change beside its payload. */
const changeBytes = 1024

/** Outcomes of a forgotten block that go in one batch. */
const outcomesDropped = 1024
const sessionBytes = 16

interface OriginTask {
  readonly change: SignedChange
  readonly signal: AbortSignal
}

/** Owner and named blocks for the callers of this node: each change a whole version, signed here and decided by the block's primary. */
export class SignedBlocks {
  readonly #parts: BlockParts
  readonly #cluster: BlockCluster
  readonly #calls: SignedBlockCalls
  /** Changes of one block that are asked of this node are made one after the other, each on what the one before left. */
  readonly #mailboxes: Mailboxes<OriginTask, SignedAnswer>
  readonly #session: Uint8Array
  #sequence = 0n

  constructor(parts: BlockParts, cluster: BlockCluster, primary: SignedBlockPrimary) {
    this.#parts = parts
    this.#cluster = cluster
    this.#calls = new SignedBlockCalls({ ...cluster, store: parts.store, primary })
    this.#mailboxes = new Mailboxes({ ...parts.limits, foldRequestsMax: 1 }, (block, tasks) => this.#turn(block, tasks))
    this.#session = parts.random.bytes(sessionBytes)
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

  async fetch(
    address: BlockAddress,
    options: { readonly decrypt: boolean },
    { consistency, signal }: CallContext,
  ): Promise<BlockView | undefined> {
    const { answer: standing } = await this.#calls.readAs(address, consistency, signal)
    const current = currentVersion(this.#parts, address, standing)
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

  /** Of this member alone. A block that is in use waits for the next round. */
  async forgetRemoval(address: BlockAddress): Promise<void> {
    await this.#cluster.host.whileUnloaded(address, () => this.#forget(address))
  }

  async stat(address: BlockAddress, { consistency, signal }: CallContext): Promise<BlockStat | undefined> {
    const { answer: standing, ageMs } = await this.#calls.readAs(address, consistency, signal)
    if (standing.kind === 'map') {
      const { generation, version, recordBytes } = standing
      const sizes = { storedBytes: recordBytes, plainBytes: recordBytes }
      const fields = { kind: 'map', codec: 'none', cipher: 'none', writer: emptyBytes, verified: true } as const
      return { ...fields, address, version, generation, ...sizes, ageMs }
    }
    const signed = currentVersion(this.#parts, address, standing)
    if (signed === undefined) return undefined
    const { kind, version, generation, writer, payload } = signed
    const isOwn = equalBytes(writer, this.#parts.user.signing.publicKey)
    const storedBytes = payload.length
    const plainBytes = kind === 'owner' && isOwn ? openPayload(this.#parts, signed).length : storedBytes
    const cipher = kind === 'owner' ? 'sealed-to-owner' : 'none'
    const facts = { codec: 'none', cipher, verified: true, ageMs } as const
    return { kind, address, version, generation, storedBytes, plainBytes, writer, ...facts }
  }

  #unborn(kind: 'owner' | 'named', address: BlockAddress, salt: Uint8Array, name: Uint8Array, owner: Uint8Array): BlockView {
    const ownerKey = this.#parts.user.signing.publicKey
    const empty = { signature: emptyBytes, data: emptyBytes, header: emptyBytes }
    return { kind, address, salt, owner, ownerKey, name, version: -1n, generation: 0n, ...empty }
  }

  #submit(address: BlockAddress, change: SignedChange, signal: AbortSignal): Promise<SignedAnswer> {
    const payload = change.kind === 'remove' ? 0 : (change.draft.plain ?? change.draft.data ?? emptyBytes).length
    return this.#mailboxes.submit(addressText(address), { change, signal }, changeBytes + payload, signal)
  }

  async #turn(block: string, [task]: readonly OriginTask[]): Promise<readonly SignedAnswer[]> {
    const address = parseAddress(block)
    assert(address !== undefined && task !== undefined, 'a turn has a task, of the block that names its mailbox')
    const { change, signal } = task
    const parts = { blocks: this.#parts, calls: this.#calls, nextId: () => this.#nextId() }
    const decision = new SignedBlockChange(parts, address, change)
    for (let attempt = 0; attempt < this.#parts.limits.removalAttemptsMax; attempt++) {
      const answer = await decision.decide(signal)
      if (answer !== undefined) return [answer]
    }
    throw changedMeanwhile()
  }

  #nextId(): RequestId {
    return { session: this.#session, sequence: ++this.#sequence, issued: this.#parts.clock.next() }
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
}
