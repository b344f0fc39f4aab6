import { assert } from '../../../shared/assert.ts'
import { CodedError } from '../../../shared/coded-error.ts'
import type { BlockAddress } from '../../core/base/address.ts'
import { addressText } from '../../core/base/address.ts'
import { emptyBytes, equalBytes } from '../../core/base/bytes.ts'
import { hlcFromMs } from '../../core/base/hybrid-clock.ts'
import type { RequestId } from '../../core/base/request-id.ts'
import type { ContentBlock, ContentCopy, ContentHeader } from '../../core/block/content-block.ts'
import { decodeContentCopy, encodeContentCopy, isGenuineContent } from '../../core/block/content-block.ts'
import { decodeTombstone, encodeTombstone, signRemoval } from '../../core/block/removal.ts'
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

/** The birth stamp of an insertion, otherwise 0. */
type ContentAnswer = bigint

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

  async fetch(address: BlockAddress): Promise<BlockView | undefined> {
    const copy = await this.#read(address)
    return copy === undefined ? undefined : contentView(copy, copy.birth, await this.#parts.pipeline.open(copy))
  }

  async remove(address: BlockAddress, requestId: RequestId | undefined, signal: AbortSignal): Promise<void> {
    await this.#mailboxes.submit(addressText(address), { kind: 'remove', address, requestId }, removalBytes, signal)
  }

  async forgetRemoval(address: BlockAddress, signal: AbortSignal): Promise<void> {
    await this.#mailboxes.submit(addressText(address), { kind: 'forget', address }, removalBytes, signal)
  }

  async stat(address: BlockAddress): Promise<BlockStat | undefined> {
    const copy = await this.#read(address)
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
    }
  }

  async #seal(data: Uint8Array, owner: Uint8Array): Promise<ContentBlock> {
    const remover = { kind: 'key', publicKey: this.#parts.user.signing.publicKey } as const
    return await this.#parts.pipeline.seal(data, { role: 'whole', remover, acknowledgements: 'majority', owner })
  }

  async #read(address: BlockAddress): Promise<ContentCopy | undefined> {
    const bytes = await this.#parts.store.get('content', address)
    if (bytes === undefined) return undefined
    const copy = decodeContentCopy(address, bytes)
    if (copy === undefined) throw corrupt(address)
    return copy
  }

  /** Insertions and removals of one address in their order, as one batch. */
  async #turn(changes: readonly ContentChange[]): Promise<readonly (ContentAnswer | CodedError)[]> {
    const { store } = this.#parts
    const [first] = changes
    assert(first !== undefined, 'a turn has a request')
    const address = first.kind === 'insert' ? first.block.address : first.address
    const writes: RecordWrite[] = []
    const answers: (ContentAnswer | CodedError)[] = []
    // What the address holds after the changes before, once one of them says so; the disk is asked only where a removal needs it.
    let present: ContentBlock | undefined | 'as stored' = 'as stored'
    for (const change of changes) {
      try {
        if (change.kind === 'insert') {
          answers.push(this.#insertWrites(change.block, writes))
          present = change.block
        } else if (change.kind === 'forget') {
          if (present === 'as stored') await this.#forgetWrites(address, writes)
          answers.push(0n)
        } else if (await this.#isRepeated(change, writes)) answers.push(0n)
        else {
          if (change.requestId !== undefined) assertFresh(this.#parts, change.requestId, 0n)
          this.#removalWrites(change, present === 'as stored' ? await this.#read(address) : present, writes)
          answers.push(0n)
          present = undefined
        }
      } catch (error) {
        if (!(error instanceof CodedError)) throw error
        answers.push(error)
      }
    }
    const removesOnly = changes.every((change) => change.kind !== 'insert')
    if (writes.length > 0) await store.commit(writes, { space: removesOnly ? 'reserve' : 'normal' })
    return answers
  }

  /** The stamp is younger than any tombstone's, which is thereby lifted. */
  #insertWrites(block: ContentBlock, writes: RecordWrite[]): bigint {
    const birth = this.#parts.clock.next()
    writes.push({ kind: 'put', family: 'content', key: block.address, value: encodeContentCopy(block, birth) })
    writes.push({ kind: 'delete', family: 'tombstone', key: block.address })
    return birth
  }

  #removalWrites(change: ContentChange & { kind: 'remove' }, block: ContentBlock | undefined, writes: RecordWrite[]): void {
    const { crypto, clock, user, networkId } = this.#parts
    const { address, requestId } = change
    if (block === undefined) throw notFound(address)
    if (!isGenuineContent(crypto, block)) throw corrupt(address)
    const { remover } = block.header
    if (remover.kind === 'block') {
      throw new CodedError('permission-denied', 'this block is the value of a key; it goes when its key does')
    }
    if (!equalBytes(remover.publicKey, user.signing.publicKey)) {
      throw new CodedError('permission-denied', 'only who inserted this block removes it, and that is not the user of this node')
    }
    const removed = clock.next()
    const proof = signRemoval(user.signing, networkId, { address, generation: 0n, version: 0n, issued: removed })
    writes.push({ kind: 'delete', family: 'content', key: address })
    writes.push({ kind: 'put', family: 'tombstone', key: address, value: encodeTombstone({ proof, removed }) })
    if (requestId === undefined) return
    // Only removals of content blocks have ids, so nothing else can come under this one.
    const asked = askedChange(crypto, address, { kind: 'remove' })
    const outcome = encodeOutcome({ kind: 'done', generation: 0n, version: 0n, asked })
    writes.push({ kind: 'put', family: 'outcome', key: outcomeKey(address, requestId), value: outcome })
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
