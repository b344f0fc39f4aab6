import { assert } from '../../../shared/assert.ts'
import { CodedError } from '../../../shared/coded-error.ts'
import type { BlockAddress } from '../../core/base/address.ts'
import { addressText } from '../../core/base/address.ts'
import { equalBytes } from '../../core/base/bytes.ts'
import { hlcFromMs } from '../../core/base/hybrid-clock.ts'
import type { RequestId } from '../../core/base/request-id.ts'
import { floorBehind, misfitOf } from '../../core/consensus/apply-entry.ts'
import type { BlockEntry } from '../../core/consensus/block-entry.ts'
import { decodeBlockEntry, encodeBlockEntry } from '../../core/consensus/block-entry-codec.ts'
import type { BlockRecord } from '../../core/consensus/block-record.ts'
import type { Outcome } from '../../core/consensus/outcome.ts'
import { outcomeKey } from '../../core/consensus/outcome.ts'
import { decodeOutcome, encodeOutcome } from '../../core/consensus/record-codec.ts'
import type { BlockChangeAnswer, BlockReadAnswer } from '../../core/wire/block-calls.ts'
import { decodeBlockRead, encodeBlockChangeAnswer, encodeBlockReadAnswer } from '../../core/wire/block-calls.ts'
import type { ServeCall } from '../cluster/ask-member.ts'
import type { ServeCopy } from '../cluster/copy-reads.ts'
import type { HostedBlock } from '../consensus/hosted-block.ts'
import { Mailboxes } from '../mailbox.ts'
import type { BlockParts } from './block-parts.ts'
import { corrupt } from './content-blocks.ts'
import { invalid } from './draft-checks.ts'
import { checkForeignEntry } from './foreign-entry.ts'
import { forgetNothing, outcomesToForget } from './outcomes-to-forget.ts'
import { assertFresh } from './request-freshness.ts'
import type { BlockEntryResult } from './signed-block-logic.ts'
import { LocalBlockEntry } from './signed-block-logic.ts'
import { readBlockRecord, standingOf } from './signed-block-state.ts'

/** Rough size of a change beside its payload. */
const changeBytes = 1024

interface PrimaryTask {
  readonly block: HostedBlock
  readonly entry: BlockEntry
  /** Another node signed it. */
  readonly foreign: boolean
  readonly signal: AbortSignal
}

/**
 * Owner and named blocks as their primary decides about them: what comes is verified, put into the block's log, and answered when it is
 * durable at a majority and applied here. One change of a block is under way at a time.
 */
export class SignedBlockPrimary {
  readonly #parts: BlockParts
  readonly #mailboxes: Mailboxes<PrimaryTask, BlockChangeAnswer>

  constructor(parts: BlockParts) {
    this.#parts = parts
    this.#mailboxes = new Mailboxes({ ...parts.limits, foldRequestsMax: 1 }, (_, tasks) => this.#turn(tasks))
  }

  stop(): Promise<void> {
    return this.#mailboxes.stop()
  }

  /** Linearizable. Refuses a request id that is not known and no longer fresh. */
  async read(block: HostedBlock, requestId: RequestId | undefined, signal: AbortSignal): Promise<BlockReadAnswer> {
    await block.read(signal)
    return await this.readDurable(block.address, requestId)
  }

  /** What this node has of the block, as of nobody knows when. */
  async readDurable(address: BlockAddress, requestId: RequestId | undefined): Promise<BlockReadAnswer> {
    const record = await readBlockRecord(this.#parts, address)
    if (requestId === undefined) return { standing: standingOf(record), outcome: undefined }
    const outcome = await this.#recorded(address, requestId)
    if (outcome === undefined) {
      assertFresh(this.#parts, requestId, record?.outcomeFloor ?? 0n)
      return { standing: standingOf(record), outcome }
    }
    // The state is none from before the request was decided.
    return { standing: standingOf(await readBlockRecord(this.#parts, address)), outcome: encodeOutcome(outcome) }
  }

  /** Rejects with NotPrimary, LostProposal, or a CodedError where nothing was changed. */
  change(block: HostedBlock, entry: BlockEntry, foreign: boolean, signal: AbortSignal): Promise<BlockChangeAnswer> {
    const bytes = changeBytes + (entry.kind === 'removal' ? entry.proof : entry.signed).length
    return this.#mailboxes.submit(addressText(block.address), { block, entry, foreign, signal }, bytes, signal)
  }

  /** Of another node. */
  readonly serveRead: ServeCall = async (block, body, peer, signal) => {
    const question = decodeBlockRead(body)
    if (question === undefined) throw invalid('a question for a block cannot be read')
    if (!peer.rights.read) throw new CodedError('permission-denied', 'this node may not read')
    return encodeBlockReadAnswer(await this.read(block, question.requestId, signal))
  }

  /** Of another node, from the copy here. */
  readonly serveCopy: ServeCopy = async ({ address }, body) => {
    const question = decodeBlockRead(body)
    if (question === undefined || question.requestId !== undefined) throw invalid('a question for a copy cannot be read')
    return encodeBlockReadAnswer(await this.readDurable(address, undefined))
  }

  /** Of another node. */
  readonly serveChange: ServeCall = async (block, body, peer, signal) => {
    const entry = decodeBlockEntry(body)
    if (entry === undefined || !equalBytes(entry.address, block.address)) throw invalid('a change of a block cannot be read')
    if (!peer.rights.write) throw new CodedError('permission-denied', 'this node may not write')
    return encodeBlockChangeAnswer(await this.change(block, entry, true, signal))
  }

  async #turn([task]: readonly PrimaryTask[]): Promise<readonly BlockChangeAnswer[]> {
    assert(task !== undefined, 'a turn has a task')
    using _used = task.block.use()
    return [await this.#decide(task)]
  }

  async #decide({ block, entry: asked, foreign, signal }: PrimaryTask): Promise<BlockChangeAnswer> {
    await block.lead(signal)
    const { record } = block
    if (record?.state.kind === 'map') throw new CodedError('permission-denied', 'this block is a map')
    if (foreign) checkForeignEntry(this.#parts, asked, record)
    const { requestId } = asked
    const recorded = requestId && (await this.#recorded(block.address, requestId))
    if (recorded !== undefined) return repeatedAnswer(block.record, asked, recorded)
    const isKept = record !== undefined && requestId !== undefined
    const forgotten = isKept ? await outcomesToForget(this.#parts, record) : forgetNothing
    const { limits, clock } = this.#parts
    const entry = { ...asked, issued: clock.next(), forgetUpTo: forgotten.upTo }
    if (requestId !== undefined) assertFresh(this.#parts, requestId, floorBehind(record, entry))
    const misfit = misfitOf(record, entry, hlcFromMs(limits.horizonMs))
    // A removal is signed again for the version that there is; and nobody keeps the outcome of a block that never was.
    if (misfit !== undefined && (entry.kind === 'removal' || !isKept)) return { kind: 'unfit', standing: standingOf(record) }
    const local = new LocalBlockEntry(entry, forgotten.keys)
    const change = { kind: 'change', body: encodeBlockEntry(entry) } as const
    const space = entry.kind === 'removal' ? 'reserve' : 'normal'
    return answerOf(entry, (await block.propose(change, local, space, signal)) as BlockEntryResult)
  }

  async #recorded(address: BlockAddress, requestId: RequestId): Promise<Outcome | undefined> {
    const bytes = await this.#parts.outcomes.find(outcomeKey(address, requestId), requestId)
    if (bytes === undefined) return undefined
    const outcome = decodeOutcome(bytes)
    if (outcome === undefined) throw corrupt(address)
    return outcome
  }
}

function repeatedAnswer(record: BlockRecord | undefined, { asked }: BlockEntry, outcome: Outcome): BlockChangeAnswer {
  if (asked === undefined || !equalBytes(asked, outcome.asked)) {
    throw invalid('the request id was used for another request; nothing was changed')
  }
  return { kind: 'repeated', standing: standingOf(record), outcome: encodeOutcome(outcome) }
}

function answerOf(entry: BlockEntry, { misfit, outcome, record }: BlockEntryResult): BlockChangeAnswer {
  if (misfit === undefined) return { kind: 'applied' }
  if (misfit === 'too-old') throw new CodedError('request-too-old', 'the outcome of this request id is no longer kept')
  if (misfit !== 'repeated') return { kind: 'conflict', standing: standingOf(record) }
  assert(outcome !== undefined, 'a repeated request has an outcome')
  return repeatedAnswer(record, entry, outcome)
}
