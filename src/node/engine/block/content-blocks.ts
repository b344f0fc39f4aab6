import { assert } from '../../../shared/assert.ts'
import { CodedError } from '../../../shared/coded-error.ts'
import type { BlockAddress } from '../../core/base/address.ts'
import { addressText } from '../../core/base/address.ts'
import { emptyBytes, equalBytes } from '../../core/base/bytes.ts'
import { hlcFromMs } from '../../core/base/hybrid-clock.ts'
import type { RequestId } from '../../core/base/request-id.ts'
import type { Acknowledgements, ContentBlock, ContentCopy, ContentHeader } from '../../core/block/content-block.ts'
import { isGenuineContent } from '../../core/block/content-block.ts'
import type { Tombstone } from '../../core/block/removal.ts'
import { decodeTombstone, signRemoval } from '../../core/block/removal.ts'
import { askedChange } from '../../core/consensus/asked-change.ts'
import { outcomeKey } from '../../core/consensus/outcome.ts'
import { encodeOutcome } from '../../core/consensus/record-codec.ts'
import type { RecordWrite } from '../../ports/record-store.ts'
import { Mailboxes } from '../mailbox.ts'
import type { BlockParts } from './block-parts.ts'
import type { BlockStat, BlockView } from './block-service.ts'
import type { ContentDraft } from './draft-checks.ts'
import { invalid } from './draft-checks.ts'
import { assertFresh } from './request-freshness.ts'

type ContentChange =
  | { readonly kind: 'insert'; readonly block: ContentBlock }
  | { readonly kind: 'remove'; readonly address: BlockAddress; readonly requestId: RequestId | undefined }
  | { readonly kind: 'forget'; readonly address: BlockAddress }

/** What comes of the changes of one turn. */
type Effect =
  | { readonly kind: 'insert'; readonly block: ContentBlock; readonly birth: bigint }
  | { readonly kind: 'removal'; readonly tombstone: Tombstone; readonly acknowledgements: Acknowledgements }

/** The birth stamp of an insertion, otherwise 0. */
type ContentAnswer = bigint

/** A turn goes on when its callers have left; what it waits for ends by itself. */
const unhurried = new AbortController().signal

/** Rough size of a removal in a batch. */
const removalBytes = 512

/** Immutable blocks: stored once, verified whenever they are read, removed by who inserted them. */
export class ContentBlocks {
  readonly #parts: BlockParts
  readonly #mailboxes: Mailboxes<ContentChange, ContentAnswer>

  constructor(parts: BlockParts) {
    this.#parts = parts
    this.#mailboxes = new Mailboxes(parts.limits, (_, changes) => this.#turn(changes))
  }

  stop(): Promise<void> {
    return this.#mailboxes.stop()
  }

  async make(data: Uint8Array, owner: Uint8Array): Promise<BlockView> {
    return contentView(await this.#seal(data, owner), undefined, data)
  }

  async insert({ data, owner, claim }: ContentDraft, signal: AbortSignal): Promise<BlockView> {
    const block =
      claim === undefined ? await this.#seal(data, owner) : await this.#parts.pipeline.sealAgain(data, { ...claim, owner })
    if (block === undefined) throw invalid('the address does not belong to this data, salt, owner and content header')
    const bytes = block.stored.length + removalBytes
    const birth = await this.#mailboxes.submit(addressText(block.address), { kind: 'insert', block }, bytes, signal)
    return contentView(block, birth, data)
  }

  async fetch(address: BlockAddress, signal: AbortSignal): Promise<BlockView | undefined> {
    const open = async (copy: ContentCopy): Promise<BlockView> =>
      contentView(copy, copy.birth, await this.#parts.pipeline.open(copy))
    return await this.#parts.content.read(address, open, signal)
  }

  async remove(address: BlockAddress, requestId: RequestId | undefined, signal: AbortSignal): Promise<void> {
    await this.#mailboxes.submit(addressText(address), { kind: 'remove', address, requestId }, removalBytes, signal)
  }

  async forgetRemoval(address: BlockAddress, signal: AbortSignal): Promise<void> {
    await this.#mailboxes.submit(addressText(address), { kind: 'forget', address }, removalBytes, signal)
  }

  async stat(address: BlockAddress, signal: AbortSignal): Promise<BlockStat | undefined> {
    const copy = await this.#parts.content.readCopy(address, signal)
    if (copy === undefined) return undefined
    const { header, stored, birth } = copy
    return {
      kind: 'content',
      address,
      version: 0n,
      generation: birth,
      storedBytes: stored.length,
      plainBytes: header.plainBytes,
      writer: removerKey(header),
      codec: header.codec,
      cipher: header.cipher,
      verified: isGenuineContent(this.#parts.crypto, copy),
      ageMs: 0,
    }
  }

  async #seal(data: Uint8Array, owner: Uint8Array): Promise<ContentBlock> {
    const remover = { kind: 'key', publicKey: this.#parts.user.signing.publicKey } as const
    return await this.#parts.pipeline.seal(data, { role: 'whole', remover, acknowledgements: 'majority', owner })
  }

  /** Insertions and removals of one address in their order; what comes of them together is carried out once. */
  async #turn(changes: readonly ContentChange[]): Promise<readonly (ContentAnswer | CodedError)[]> {
    const [first] = changes
    assert(first !== undefined, 'a turn has a request')
    const address = first.kind === 'insert' ? first.block.address : first.address
    const also: RecordWrite[] = []
    const answers: (ContentAnswer | CodedError)[] = []
    let effect: Effect | undefined
    for (const change of changes) {
      try {
        if (change.kind === 'insert') {
          const birth = this.#parts.clock.next()
          effect = { kind: 'insert', block: change.block, birth }
          answers.push(birth)
        } else if (change.kind === 'forget') {
          if (effect === undefined) await this.#forgetWrites(address, also)
          answers.push(0n)
        } else if (await this.#isRepeated(change, also)) answers.push(0n)
        else {
          if (change.requestId !== undefined) assertFresh(this.#parts, change.requestId, 0n)
          const present = await this.#present(address, effect)
          effect = this.#removal(address, present)
          if (present === undefined || 'proof' in present) answers.push(notFound(address))
          else {
            if (change.requestId !== undefined) also.push(this.#outcomeWrite(address, change.requestId))
            answers.push(0n)
          }
        }
      } catch (error) {
        if (!(error instanceof CodedError)) throw error
        answers.push(error)
      }
    }
    const space = changes.every((change) => change.kind !== 'insert') ? 'reserve' : 'normal'
    const birth = await this.#carryOut(effect, also, space)
    // A removal by a clock that is ahead may have asked for a later stamp.
    return birth === undefined ? answers : answers.map((answer) => (answer === birth.asked ? birth.given : answer))
  }

  async #carryOut(
    effect: Effect | undefined,
    also: readonly RecordWrite[],
    space: 'normal' | 'reserve',
  ): Promise<{ readonly asked: bigint; readonly given: bigint } | undefined> {
    const { store, content } = this.#parts
    if (effect?.kind === 'insert') {
      const { block, birth } = effect
      return { asked: birth, given: await content.put({ block, birth, lifts: true, also }) }
    }
    if (effect?.kind === 'removal') await content.remove({ ...effect, also }, space)
    else if (also.length > 0) await store.commit(also, { space })
    return undefined
  }

  /** What the address holds after the changes before; the nodes are asked only where a removal needs it. */
  async #present(address: BlockAddress, before: Effect | undefined): Promise<ContentBlock | Tombstone | undefined> {
    if (before?.kind === 'insert') return before.block
    return before === undefined ? await this.#parts.content.find(address, unhurried) : undefined
  }

  /** Undefined where nothing is to be removed. A removal that was begun and not finished is carried on. */
  #removal(address: BlockAddress, block: ContentBlock | Tombstone | undefined): Effect | undefined {
    const { crypto, clock, user, networkId } = this.#parts
    if (block === undefined) return undefined
    if ('proof' in block) return { kind: 'removal', tombstone: block, acknowledgements: 'majority' }
    if (!isGenuineContent(crypto, block)) throw corrupt(address)
    const { remover, acknowledgements } = block.header
    if (remover.kind === 'block') {
      throw new CodedError('permission-denied', 'this block is the value of a key; it goes when its key does')
    }
    if (!equalBytes(remover.publicKey, user.signing.publicKey)) {
      throw new CodedError('permission-denied', 'only who inserted this block removes it, and that is not the user of this node')
    }
    const removed = clock.next()
    const proof = signRemoval(user.signing, networkId, { address, generation: 0n, version: 0n, issued: removed })
    return { kind: 'removal', tombstone: { proof, removed }, acknowledgements }
  }

  #outcomeWrite(address: BlockAddress, requestId: RequestId): RecordWrite {
    // Only removals of content blocks have ids, so nothing else can come under this one.
    const asked = askedChange(this.#parts.crypto, address, { kind: 'remove' })
    const outcome = encodeOutcome({ kind: 'done', generation: 0n, version: 0n, asked })
    return { kind: 'put', family: 'outcome', key: outcomeKey(address, requestId), value: outcome }
  }

  async #forgetWrites(address: BlockAddress, writes: RecordWrite[]): Promise<void> {
    const { store, clock, limits } = this.#parts
    const bytes = await store.get('tombstone', address)
    const tombstone = bytes && decodeTombstone(bytes)
    if (tombstone === undefined || clock.last - tombstone.removed <= hlcFromMs(limits.horizonMs)) return
    writes.push({ kind: 'delete', family: 'tombstone', key: address })
  }

  /** Whether this very request removed the block before. */
  async #isRepeated(
    { address, requestId }: ContentChange & { kind: 'remove' },
    writes: readonly RecordWrite[],
  ): Promise<boolean> {
    if (requestId === undefined) return false
    const key = outcomeKey(address, requestId)
    if (writes.some((write) => write.family === 'outcome' && equalBytes(write.key, key))) return true
    return (await this.#parts.outcomes.find(key, requestId)) !== undefined
  }
}

function contentView(block: ContentBlock, birth: bigint | undefined, data: Uint8Array): BlockView {
  return {
    kind: 'content',
    address: block.address,
    salt: block.salt,
    owner: block.owner,
    ownerKey: removerKey(block.header),
    name: emptyBytes,
    version: birth === undefined ? -1n : 0n,
    generation: birth ?? 0n,
    signature: emptyBytes,
    data,
    header: block.headerBytes,
  }
}

/** Empty for the value of a key, which no user's key removes. */
function removerKey({ remover }: ContentHeader): Uint8Array {
  return remover.kind === 'key' ? remover.publicKey : emptyBytes
}

export function notFound(address: BlockAddress): CodedError {
  return new CodedError('block-not-found', `there is no block at ${addressText(address)}`)
}

export function corrupt(address: BlockAddress): CodedError {
  const message = `the block at ${addressText(address)} is damaged: it does not verify`
  return new CodedError('data-corrupt', message, { details: { address: addressText(address) } })
}
