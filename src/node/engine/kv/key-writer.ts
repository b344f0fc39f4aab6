import { assert } from '../../../shared/assert.ts'
import { CodedError } from '../../../shared/coded-error.ts'
import { equalBytes } from '../../core/base/bytes.ts'
import type { Limits } from '../../core/base/limits.ts'
import { changeWeight, operationWeight } from '../../core/kv/page-change.ts'
import type { OperationOutcome } from '../../core/kv/page-outcome.ts'
import type { CallContext } from '../call-context.ts'
import { checkContentType, checkKey, checkPrecondition, checkRequestId, throwIfAborted } from './checked-arguments.ts'
import { changeResultOf, decidedOutcomes } from './key-value-answers.ts'
import type { BatchOperation, ChangeResult, Precondition, PutOptions } from './key-value-service.ts'
import type { Page } from './page.ts'
import type { PreparedChange, PreparedOperation } from './prepared-change.ts'
import { pageChangeOf, valuesOf } from './prepared-change.ts'
import type { ValueBlocks } from './value-blocks.ts'
import type { PreparedValue, ValuePreparation } from './value-preparation.ts'

/** Of the bytes of a store's batch, for what a request adds; the rest is for the page's record and the frames. */
const batchShare = 0.875
/** Times that values are written again because they waited too long for their entry. */
const attemptsMax = 3

type CheckedDelete = Extract<PreparedOperation, { kind: 'delete' }>
type CheckedPut = Omit<Extract<PreparedOperation, { kind: 'put' }>, 'value'> & { readonly value: Uint8Array }

/** Changes keys: prepares values on arrival, then has the page decide. */
export class KeyWriter {
  readonly #limits: Limits
  readonly #blocks: ValueBlocks
  readonly #preparation: ValuePreparation

  constructor(limits: Limits, blocks: ValueBlocks, preparation: ValuePreparation) {
    this.#limits = limits
    this.#blocks = blocks
    this.#preparation = preparation
  }

  async put(page: Page, text: string, value: Uint8Array, options: PutOptions, context: CallContext): Promise<ChangeResult> {
    const requestId = page.requestId(checkRequestId(context))
    const asked = this.#checkPut(text, value, options)
    throwIfAborted(context.signal)
    const pending = this.#preparation.whole(page, asked.key, value, context.signal)
    const operation = { ...asked, value: pending instanceof Promise ? await pending : pending }
    const result = await this.#changeOne(page, { requestId, operations: [operation] }, context.signal)
    this.#remember(result, operation, value)
    return result
  }

  async putStream(
    page: Page,
    text: string,
    pieces: AsyncIterable<Uint8Array>,
    options: PutOptions,
    { signal, ...context }: CallContext,
  ): Promise<ChangeResult> {
    const requestId = page.requestId(checkRequestId({ signal, ...context }))
    const key = checkKey(text, this.#limits)
    const contentType = checkContentType(options.contentType, this.#limits)
    const precondition = checkPrecondition(options.precondition)
    const value = await this.#preparation.stream(page, key, pieces, signal)
    const operation = { kind: 'put', key, precondition, contentType, value } as const
    return await this.#changeOne(page, { requestId, operations: [operation] }, signal)
  }

  async delete(page: Page, text: string, demanded: Precondition, context: CallContext): Promise<ChangeResult> {
    const requestId = page.requestId(checkRequestId(context))
    const operation = this.#checkDelete(text, demanded)
    return await this.#changeOne(page, { requestId, operations: [operation] }, context.signal)
  }

  async batch(page: Page, wanted: readonly BatchOperation[], context: CallContext): Promise<readonly ChangeResult[]> {
    const { signal } = context
    const requestId = page.requestId(checkRequestId(context))
    if (wanted.length > this.#limits.batchOperationsMax) {
      throw new CodedError('limit-exceeded', `a batch has at most ${this.#limits.batchOperationsMax} operations`)
    }
    const operations: PreparedOperation[] = []
    for (const asked of this.#checkBatch(wanted, requestId !== undefined)) {
      if (asked.kind === 'delete') {
        operations.push(asked)
        continue
      }
      throwIfAborted(signal)
      const { kind, key, precondition, contentType } = asked
      // A promise for each operation would cost more than the rest of it: small values are sealed at once.
      const pending = this.#preparation.whole(page, key, asked.value, signal)
      const value = pending instanceof Promise ? await pending : pending
      operations.push({ kind, key, precondition, contentType, value })
    }
    const change = { requestId, operations }
    await this.#fitOneBatch(change, signal)
    const outcomes = await this.#decide(page, change, signal)
    // Its values are not kept in memory: a load would drive out what is read.
    return outcomes.map((outcome, index) => {
      const each = wanted[index]
      assert(each !== undefined, 'every operation has one outcome')
      return changeResultOf(each.key, outcome)
    })
  }

  /** Checks everything that can be told of a batch before a value of it is sealed or stored, its least size included. */
  #checkBatch(wanted: readonly BatchOperation[], identified: boolean): readonly (CheckedPut | CheckedDelete)[] {
    const checked: (CheckedPut | CheckedDelete)[] = []
    let weight = 0
    for (const each of wanted) {
      if (each.kind === 'delete') {
        const removal = this.#checkDelete(each.key, each.precondition)
        weight += operationWeight(removal.key.bytes.length, 0, identified)
        checked.push(removal)
      } else {
        const put = this.#checkPut(each.key, each.value, each.options)
        weight += operationWeight(put.key.bytes.length, put.contentType.length, identified)
        weight += this.#preparation.leastWeight(each.value)
        checked.push(put)
      }
    }
    if (weight > this.#limits.batchBytesMax * batchShare) throw tooLarge()
    return checked
  }

  #checkPut(text: string, value: Uint8Array, options: PutOptions): CheckedPut {
    const key = checkKey(text, this.#limits)
    const contentType = checkContentType(options.contentType, this.#limits)
    const precondition = checkPrecondition(options.precondition)
    this.#preparation.check(value)
    return { kind: 'put', key, precondition, contentType, value }
  }

  #checkDelete(text: string, demanded: Precondition): CheckedDelete {
    return { kind: 'delete', key: checkKey(text, this.#limits), precondition: checkPrecondition(demanded) }
  }

  /**
   * A batch is one turn and one batch of the store: where its values are too large for that, the largest go ahead, many at a time,
   * because each waits for the disk.
   */
  async #fitOneBatch(change: PreparedChange, signal: AbortSignal): Promise<void> {
    let excess = changeWeight(pageChangeOf(change)) - this.#limits.batchBytesMax * batchShare
    if (excess <= 0) return
    const values = valuesOf(change).sort((left, right) => right.aheadGain - left.aheadGain)
    const ahead: PreparedValue[] = []
    for (const value of values) {
      if (excess <= 0 || value.aheadGain <= 0) break
      excess -= value.aheadGain
      ahead.push(value)
    }
    await this.#storeAhead(ahead, signal)
    if (excess > 0) throw tooLarge()
  }

  async #storeAhead(values: readonly PreparedValue[], signal: AbortSignal): Promise<void> {
    let group: PreparedValue[] = []
    let groupBytes = 0
    for (const value of values) {
      group.push(value)
      groupBytes += value.travellingBytes
      if (group.length < this.#limits.foldRequestsMax && groupBytes < this.#limits.commitGroupBytesMax) continue
      await storeTogether(group, signal)
      group = []
      groupBytes = 0
    }
    await storeTogether(group, signal)
  }

  async #changeOne(page: Page, change: PreparedChange, signal: AbortSignal): Promise<ChangeResult> {
    const [outcome] = await this.#decide(page, change, signal)
    const key = change.operations[0]?.key.text
    assert(outcome !== undefined && key !== undefined, 'one operation has one outcome')
    return changeResultOf(key, outcome)
  }

  /**
   * A void request changed nothing, and is sent again: with renewed birth stamps, and with nothing that travels, for those who hold the page may
   * not be those who are to hold its values.
   */
  async #decide(page: Page, change: PreparedChange, signal: AbortSignal): Promise<readonly OperationOutcome[]> {
    for (let attempt = 1; attempt <= attemptsMax; attempt++) {
      const result = await page.change(pageChangeOf(change), signal)
      if (result.kind !== 'void') return decidedOutcomes(result)
      throwIfAborted(signal)
      const values = valuesOf(change)
      const travelling = values.filter(({ isTravelling }) => isTravelling)
      for (const value of values) if (!value.isTravelling) await value.touch()
      await this.#storeAhead(travelling, signal)
    }
    throw new CodedError('queue-full', 'the value waited too long for its turn, again and again; nothing was changed')
  }

  /** Keeps the value for those who read it next. A repeated request is answered with the block of the first one: that is not this value. */
  #remember(result: ChangeResult, operation: PreparedOperation, value: Uint8Array): void {
    if (result.kind !== 'done' || operation.kind !== 'put') return
    const { address, chunks } = operation.value.ready
    if (chunks === 0 && equalBytes(address, result.metadata.address)) this.#blocks.remember(address, value)
  }
}

/** Where one fails the others are waited for: nothing is on its way to the disk when the call is answered. */
async function storeTogether(values: readonly PreparedValue[], signal: AbortSignal): Promise<void> {
  throwIfAborted(signal)
  const stored = await Promise.allSettled(values.map((value) => value.store()))
  for (const each of stored) if (each.status === 'rejected') throw each.reason
}

function tooLarge(): CodedError {
  return new CodedError('limit-exceeded', 'the keys of this batch are too large for one turn; nothing was changed')
}
