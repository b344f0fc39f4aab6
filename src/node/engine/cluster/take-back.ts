import { CodedError } from '../../../shared/coded-error.ts'
import type { BlockAddress } from '../../core/base/address.ts'
import { addressFromBytes } from '../../core/base/address.ts'
import { emptyBytes, prefixEnd } from '../../core/base/bytes.ts'
import { CanonicalWriter, decodeCanonical, recordTag } from '../../core/base/canonical-codec.ts'
import type { Limits } from '../../core/base/limits.ts'
import { encodeText } from '../../core/base/text.ts'
import { decodeBlockRecord } from '../../core/consensus/record-codec.ts'
import { decodeVote } from '../../core/consensus/vote-codec.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Logger } from '../../ports/logger.ts'
import type { RecordFamily, RecordStore, RecordWrite } from '../../ports/record-store.ts'
import type { ReplicaHost } from '../consensus/replica-host.ts'
import { Deadline } from '../deadline.ts'

export interface TakeBackParts {
  readonly store: RecordStore
  readonly clock: Clock
  readonly limits: Limits
  readonly logger: Logger
  readonly host: ReplicaHost
  /** Of the network as this node knows it; 0: it was never recovered. */
  readonly recovery: number
}

const format = recordTag('memo/taken-back/1')
const doneKey = encodeText('taken-back')
const recordsAtOnce = 1000

/**
 * Takes the blocks of a node back that went on alone after a forced recovery: each is led once, so that what was accepted is adopted and
 * its new group is on the disk. Whoever asks for a block first takes it back as well; this sees to the rest. It goes on after a restart, for
 * a block's record says whether it was done.
 */
export class TakeBack {
  readonly #parts: TakeBackParts
  readonly #stopped = new AbortController()
  #running: Promise<void> | undefined
  #left = 0

  constructor(parts: TakeBackParts) {
    this.#parts = parts
  }

  /** Blocks that are still to be taken back, as far as they were looked at; one at least until all were. */
  get left(): number {
    return this.#left
  }

  async start(): Promise<void> {
    const { store, recovery, logger } = this.#parts
    if (recovery === 0 || (await this.#doneThrough()) >= recovery) return
    this.#left = Math.max(1, store.usage().families.block.records)
    this.#running = this.#run().catch((error: unknown) => {
      if (!this.#stopped.signal.aborted) logger.error('blocks could not be taken back; the next start goes on', { error })
    })
  }

  async stop(): Promise<void> {
    this.#stopped.abort(new CodedError('not-running', 'the node is stopping'))
    await this.#running
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  async #run(): Promise<void> {
    const { store, clock, limits, logger, recovery } = this.#parts
    const { signal } = this.#stopped
    for (;;) {
      const failures = await this.#walk(signal)
      this.#left = failures
      if (failures === 0) break
      await clock.sleep(limits.spreadRetryMs, signal)
    }
    const value = new CanonicalWriter(format).uint(recovery).finish()
    await store.commit([{ kind: 'put', family: 'local', key: doneKey, value }], { space: 'reserve' })
    logger.info('all blocks of the recovered network were taken back', { recovery })
  }

  /** Votes first: of a block that is not born the vote is all that is there. Returns how many blocks could not be taken back yet. */
  async #walk(signal: AbortSignal): Promise<number> {
    let failures = 0
    for (const family of ['vote', 'block'] as const) {
      for (let after: Uint8Array = emptyBytes; ; ) {
        const found = await this.#parts.store.scan(family, { after, limit: this.#parts.limits.groupLookMax, signal })
        const due: BlockAddress[] = []
        for (const { key, value } of found) {
          after = key
          const address = addressFromBytes(key)
          if (address === undefined || !this.#isDue(family, address, value)) this.#left = Math.max(1, this.#left - 1)
          else due.push(address)
        }
        for (let from = 0; from < due.length; from += this.#parts.limits.groupChangesMax) {
          const step = due.slice(from, from + this.#parts.limits.groupChangesMax)
          const done = await Promise.all(step.map((address) => this.#take(address, signal)))
          failures += done.filter((isDone) => !isDone).length
        }
        if (found.length < this.#parts.limits.groupLookMax) break
      }
    }
    return failures
  }

  #isDue(family: RecordFamily, address: BlockAddress, value: Uint8Array): boolean {
    const promised = family === 'vote' ? decodeVote(value)?.promised : decodeBlockRecord(address, value)?.promised
    // What cannot be read is told of by those who ask for it.
    return promised !== undefined && promised.recovery < this.#parts.recovery
  }

  /** False where it has to be tried again. */
  async #take(address: BlockAddress, signal: AbortSignal): Promise<boolean> {
    const { store, host, clock, limits, logger } = this.#parts
    try {
      const vote = await store.get('vote', address)
      if (vote !== undefined && decodeVote(vote)?.installing === true) {
        await host.whileUnloaded(address, () => this.#forget(address))
        return !(await store.has('vote', address))
      }
      await host.use(address, async (block) => {
        using deadline = new Deadline(clock, limits.callTimeoutMs, signal)
        await block.lead(deadline.signal)
        if (block.record === undefined) return
        if (!(await this.#isWritten(address))) await block.propose({ kind: 'empty' }, undefined, 'reserve', deadline.signal)
      })
      return true
    } catch (error) {
      signal.throwIfAborted()
      logger.warn('a block could not be taken back yet', { error })
      return false
    }
  }

  /** The disk says that the block is of this recovery. */
  async #isWritten(address: BlockAddress): Promise<boolean> {
    const bytes = await this.#parts.store.get('block', address)
    return bytes === undefined || !this.#isDue('block', address, bytes)
  }

  /** Half a state is none: the block is lost, as if this node had never held it. The vote goes last, since it says that the state is not whole. */
  async #forget(address: BlockAddress): Promise<void> {
    const { store } = this.#parts
    const before = prefixEnd(address)
    for (const family of ['entry', 'outcome', 'accepted'] as const) {
      for (;;) {
        const bounds = { from: address, ...(before && { before }), limit: recordsAtOnce, keysOnly: true } as const
        const found = await store.scan(family, bounds)
        if (found.length === 0) break
        await store.commit(
          found.map(({ key }): RecordWrite => ({ kind: 'delete', family, key })),
          { space: 'reserve' },
        )
      }
    }
    const gone = ['block', 'vote'] as const
    await store.commit(
      gone.map((family): RecordWrite => ({ kind: 'delete', family, key: address })),
      { space: 'reserve' },
    )
  }

  async #doneThrough(): Promise<number> {
    const bytes = await this.#parts.store.get('local', doneKey)
    return (bytes && decodeCanonical(format, bytes, (reader) => reader.uint())) ?? 0
  }
}
