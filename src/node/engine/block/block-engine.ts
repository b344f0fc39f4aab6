import { CodedError } from '../../../shared/coded-error.ts'
import type { BlockAddress } from '../../core/base/address.ts'
import { isImmutable } from '../../core/base/address.ts'
import type { CallContext } from '../call-context.ts'
import { checkRequestId, throwIfAborted } from '../kv/checked-arguments.ts'
import type { BlockParts } from './block-parts.ts'
import type { BlockDraft, BlockService, BlockStat, BlockView, UpdateResult } from './block-service.ts'
import { ContentBlocks } from './content-blocks.ts'
import { checkContentDraft, checkName, checkOwner, checkPayload, checkSignedDraft, invalid } from './draft-checks.ts'
import type { BlockCluster } from './signed-block-calls.ts'
import { SignedBlockPrimary } from './signed-block-primary.ts'
import { SignedBlocks } from './signed-blocks.ts'
import type { RemovalForgetter } from './tombstone-sweeper.ts'

/** The value store of one node: checks what callers bring and hands it to the blocks of its kind. */
export class BlockEngine implements BlockService, RemovalForgetter {
  readonly #parts: BlockParts
  readonly #content: ContentBlocks
  readonly #signed: SignedBlocks
  /** Decides about the owner and named blocks that this node leads, for its own callers and for those of other nodes. */
  readonly primary: SignedBlockPrimary
  #stopped = false

  constructor(parts: BlockParts, cluster: BlockCluster) {
    this.#parts = parts
    this.#content = new ContentBlocks(parts)
    this.primary = new SignedBlockPrimary(parts)
    this.#signed = new SignedBlocks(parts, cluster, this.primary)
  }

  /** Refuses what waits and what comes; resolves when what was admitted is answered. */
  async stop(): Promise<void> {
    this.#stopped = true
    await Promise.all([this.#content.stop(), this.#signed.stop()])
    await this.primary.stop()
  }

  async makeContent(data: Uint8Array, owner: Uint8Array): Promise<BlockView> {
    this.#assertRunning()
    return await this.#content.make(checkPayload(data, this.#parts.limits), checkOwner(owner))
  }

  async makeOwner(owner: Uint8Array): Promise<BlockView> {
    this.#assertRunning()
    return this.#signed.makeOwner(checkOwner(owner))
  }

  async makeNamed(name: Uint8Array): Promise<BlockView> {
    this.#assertRunning()
    return this.#signed.makeNamed(checkName(name, this.#parts.limits))
  }

  namedAddress(name: Uint8Array): BlockAddress {
    this.#assertRunning()
    return this.#signed.namedAddress(checkName(name, this.#parts.limits))
  }

  async insert(draft: BlockDraft, context: CallContext): Promise<BlockView> {
    const requestId = this.#admit(context)
    const { crypto, limits, user } = this.#parts
    const key = user.signing.publicKey
    if (draft.kind === 'content') return await this.#content.insert(checkContentDraft(draft, key, limits), context.signal)
    const checked = checkSignedDraft(draft, draft.kind, crypto, key, limits)
    return await this.#signed.insert(checked, requestId, context.signal)
  }

  async fetch(
    address: BlockAddress,
    options: { readonly decrypt: boolean },
    context: CallContext,
  ): Promise<BlockView | undefined> {
    this.#admit(context)
    return isImmutable(address)
      ? await this.#content.fetch(address, context.signal)
      : await this.#signed.fetch(address, options, context)
  }

  async update(draft: BlockDraft, options: { readonly decrypt: boolean }, context: CallContext): Promise<UpdateResult> {
    const requestId = this.#admit(context)
    const { crypto, limits, user } = this.#parts
    if (draft.kind === 'content') throw invalid('a content block never changes: insert another')
    const checked = checkSignedDraft(draft, draft.kind, crypto, user.signing.publicKey, limits)
    return await this.#signed.update(checked, options, requestId, context.signal)
  }

  async remove(address: BlockAddress, context: CallContext): Promise<void> {
    const requestId = this.#admit(context)
    if (isImmutable(address)) await this.#content.remove(address, requestId, context.signal)
    else await this.#signed.remove(address, requestId, context.signal)
  }

  async stat(address: BlockAddress, context: CallContext): Promise<BlockStat | undefined> {
    this.#admit(context)
    return isImmutable(address) ? await this.#content.stat(address, context.signal) : await this.#signed.stat(address, context)
  }

  async forgetRemoval(address: BlockAddress, signal: AbortSignal): Promise<void> {
    if (isImmutable(address)) await this.#content.forgetRemoval(address, signal)
    else await this.#signed.forgetRemoval(address)
  }

  #admit(context: CallContext): ReturnType<typeof checkRequestId> {
    this.#assertRunning()
    throwIfAborted(context.signal)
    return checkRequestId(context)
  }

  #assertRunning(): void {
    if (this.#stopped) throw new CodedError('not-running', 'the node is not running')
  }
}
