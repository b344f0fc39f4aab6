import type { BlockAddress } from '../../core/base/address.ts'
import type { Limits } from '../../core/base/limits.ts'
import type { Ballot } from '../../core/consensus/ballot.ts'
import type { BlockRecord } from '../../core/consensus/block-record.ts'
import type { Group } from '../../core/consensus/group.ts'
import { isLonely } from '../../core/consensus/group.ts'
import { encodeBlockRecord } from '../../core/consensus/record-codec.ts'
import type { LogEntry, Slot } from '../../core/consensus/replica-events.ts'
import { acceptedKey } from '../../core/consensus/vote-codec.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Logger } from '../../ports/logger.ts'
import type { RecordStore } from '../../ports/record-store.ts'
import type { LogicOf } from './block-logic.ts'
import { ChangeWatch } from './change-watch.ts'
import type { LoadedReplica } from './load-replica.ts'

export interface AppliedStateParts {
  readonly store: RecordStore
  readonly clock: Clock
  readonly limits: Pick<Limits, 'applyRetryMs' | 'applyRetryMaxMs' | 'applyCompanyMs'>
  readonly logger: Logger
  readonly logicOf: LogicOf
  readonly signal: AbortSignal
}

/** What the log of the block says at the moment, and who hears of what was applied. */
export interface AppliedStateLog {
  group(): Group
  promised(): Ballot | undefined
  committed(): number
  /** It neither leads nor prepares: nobody reads what it applies before it does. */
  isFollowing(): boolean
  /** What a chosen slot does is known; the state shows it when it is applied. */
  computed(slot: number, result: unknown): void
  /** The slot is applied, durably. */
  applied(slot: number, result: unknown): void
  /** Nothing from this slot on is applied or on the disk: of a group of one, whose entries are chosen by being applied. */
  notApplied(from: number, error: unknown): void
  /** The state is another one. */
  changed(): void
}

export interface LocalEntry {
  readonly local: unknown
  readonly space: 'normal' | 'reserve'
  /** When its proposer is answered. */
  readonly answer: 'chosen' | 'applied'
}

/**
 * The state of one block as this node has it: entries are applied one behind the other, each in one batch with the record, and what the
 * disk refuses is tried again, for it is chosen.
 */
export class AppliedState {
  readonly #address: BlockAddress
  readonly #parts: AppliedStateParts
  readonly #log: AppliedStateLog
  readonly #locals = new WeakMap<LogEntry, LocalEntry>()
  /** Accepted records on the disk that are not applied. */
  readonly #acceptedOnDisk: Set<number>
  /** Accepted records on the disk that were given up by a recovery. */
  #stale: readonly number[]
  readonly #watches = new Set<ChangeWatch>()
  #record: BlockRecord | undefined
  #waiting: Slot[] = []
  #installing: boolean
  #replacements = 0
  #working: Promise<void> | undefined
  /** A batch that waits for company on its way to the disk. */
  #alone: PromiseWithResolvers<void> | undefined

  constructor(address: BlockAddress, loaded: LoadedReplica, parts: AppliedStateParts, log: AppliedStateLog) {
    this.#address = address
    this.#parts = parts
    this.#log = log
    this.#record = loaded.block
    this.#installing = loaded.installing
    this.#acceptedOnDisk = new Set(loaded.record.slots.map(({ slot }) => slot))
    this.#stale = loaded.stale
  }

  /** As of the last applied entry. */
  get record(): BlockRecord | undefined {
    return this.#record
  }

  /** The state is being replaced by a snapshot, or was left half replaced: it can be neither read nor changed. */
  get isInstalling(): boolean {
    return this.#installing
  }

  /** How often the state was begun to be replaced: what is read in several steps is of one state where this stays the same. */
  get replacements(): number {
    return this.#replacements
  }

  get isBusy(): boolean {
    return this.#working !== undefined
  }

  /** A change of the group is chosen and not on the disk yet. */
  get isChangingGroup(): boolean {
    return this.#waiting.some(({ entry }) => entry.kind === 'group')
  }

  /** Resolves when nothing is being applied. */
  async idle(): Promise<void> {
    while (this.#working !== undefined) {
      this.hurry()
      await this.#working
    }
  }

  /** What the proposer knows of an entry beside its bytes. */
  know(entry: LogEntry, known: LocalEntry): void {
    this.#locals.set(entry, known)
  }

  /** Something else goes to the disk: what waits for company goes with it. */
  hurry(): void {
    this.#alone?.resolve()
  }

  /** Where the acceptance of an entry takes its space from. */
  spaceOf(entry: LogEntry): 'normal' | 'reserve' {
    if (entry.kind !== 'change') return 'reserve'
    const known = this.#locals.get(entry)
    if (known !== undefined) return known.space
    return this.#parts.logicOf(this.#record, entry.body).spaceOf(entry.body, undefined) ?? 'normal'
  }

  /** The entry of this slot is written down as accepted. */
  acceptedOnDisk(slot: number): void {
    this.#acceptedOnDisk.add(slot)
  }

  /** Chosen, behind everything that was pushed before. */
  push(slots: readonly Slot[]): void {
    this.#waiting.push(...slots)
    this.hurry()
    // Work that would end at once is not begun: it would be taken for under way, and waited for in vain.
    if (this.#working === undefined && this.#next !== undefined) this.#working = this.#applyRest()
  }

  /** Runs when nothing is being applied, and nothing is applied before it has ended. */
  async exclusively<Result>(work: () => Promise<Result>): Promise<Result> {
    // Somebody else who waited may have begun meanwhile.
    while (this.#working !== undefined) await this.idle()
    const result = work()
    const ended: Promise<void> = result.then(
      () => undefined,
      () => undefined,
    )
    this.#working = ended.then(() => this.#applyRest())
    return await result
  }

  /**
   * Replaces the state while nothing is applied. What `begin` resolves with writes down that it is; where nothing can be written that fails,
   * and the state stays what it was. From then on the block has none until `install` has succeeded. Undefined, and nothing is done, where the state is
   * whole and has come to this slot by itself: it may be beyond what would replace it.
   */
  async replaced<Result>(
    since: number,
    begin: (isWhole: boolean) => Promise<() => Promise<void>>,
    install: () => Promise<Result>,
  ): Promise<Result | undefined> {
    return await this.exclusively(async () => {
      const isWhole = !this.#installing && this.#record !== undefined
      if (isWhole && this.#record !== undefined && this.#record.committedIndex >= since) return undefined
      const mark = await begin(isWhole)
      const before = this.#installing
      // What is promised meanwhile is written down behind the mark, and must not take it away.
      this.#installing = true
      try {
        await mark()
      } catch (error) {
        this.#installing = before
        throw error
      }
      this.#replacements++
      const result = await install()
      this.#installing = false
      return result
    })
  }

  /** The state was replaced by one that is durable. */
  installed(record: BlockRecord): void {
    this.#record = record
    const index = Number(record.committedIndex)
    this.#waiting = this.#waiting.filter(({ slot }) => slot > index)
    for (const slot of [...this.#acceptedOnDisk]) if (slot <= index) this.#acceptedOnDisk.delete(slot)
    this.#log.changed()
  }

  /** Notes the records that entries change from now on, until it is disposed of. */
  watchChanges(): ChangeWatch {
    const watch = new ChangeWatch(() => void this.#watches.delete(watch))
    this.#watches.add(watch)
    return watch
  }

  /** What can be applied next: nothing to a state that is being replaced. */
  get #next(): Slot | undefined {
    return this.#installing || this.#parts.signal.aborted ? undefined : this.#waiting[0]
  }

  async #applyRest(): Promise<void> {
    const { clock, limits, logger, signal } = this.#parts
    for (let waitMs = limits.applyRetryMs; ; ) {
      const slot = this.#next
      if (slot === undefined) break
      try {
        const result = await this.#apply(slot)
        this.#waiting.shift()
        this.#log.applied(slot.slot, result)
        waitMs = limits.applyRetryMs
      } catch (error) {
        // What was accepted before the network was recovered is on the disk, and may have been chosen: it is not given up.
        if (slot.slot > this.#log.committed() && !this.#acceptedOnDisk.has(slot.slot)) {
          this.#waiting = []
          this.#log.notApplied(slot.slot, error)
          break
        }
        logger.error('a chosen entry could not be applied; it is tried again', { error })
        await clock.sleep(waitMs, signal).catch(() => undefined)
        waitMs = Math.min(waitMs * 2, limits.applyRetryMaxMs)
      }
    }
    this.#working = undefined
  }

  async #apply({ slot, entry }: Slot): Promise<unknown> {
    const record = this.#record
    const { store, logicOf } = this.#parts
    const own = this.#locals.get(entry)
    const bornTo = entry.kind === 'change' && slot === 0 ? entry.bornTo : undefined
    const chosen = { address: this.#address, group: bornTo ?? this.#log.group(), local: own?.local }
    const applied =
      entry.kind === 'change'
        ? await logicOf(record, entry.body).apply(record, { ...chosen, body: entry.body })
        : { record, writes: [], result: undefined }
    const next = applied.record && this.#stamped(applied.record, slot, entry)
    const writes = [...applied.writes]
    // What changes nothing needs no place in a log that nobody else knows.
    if (writes.length === 0 && applied.record === record && entry.kind === 'change' && isLonely(this.#log.group())) {
      this.#record = next
      return applied.result
    }
    if (next !== undefined) writes.push({ kind: 'put', family: 'block', key: this.#address, value: encodeBlockRecord(next) })
    if (this.#acceptedOnDisk.has(slot)) {
      writes.push({ kind: 'delete', family: 'accepted', key: acceptedKey(this.#address, slot) })
    }
    // What was accepted of slots behind a change of the group was accepted in a group that does not decide them.
    const behind = entry.kind === 'group' ? [...this.#acceptedOnDisk].filter((other) => other > slot) : []
    const stale = [...behind, ...this.#stale]
    for (const other of stale) writes.push({ kind: 'delete', family: 'accepted', key: acceptedKey(this.#address, other) })
    // What others hold durably has to be applied, on whatever space is left.
    const isChosen = slot <= this.#log.committed()
    if (isChosen && own?.answer === 'chosen') this.#log.computed(slot, applied.result)
    if (isChosen && this.#log.isFollowing()) await this.#company()
    const space = isChosen || this.#acceptedOnDisk.has(slot) ? 'reserve' : (own?.space ?? 'normal')
    if (writes.length > 0) await store.commit(writes, { space, inBackground: isChosen })
    // Behind the commit: who began to read while it was under way has not seen it.
    for (const watch of this.#watches) watch.note(applied.writes)
    for (const gone of [slot, ...stale]) this.#acceptedOnDisk.delete(gone)
    this.#stale = []
    this.#record = next
    applied.durable?.()
    this.#log.changed()
    return applied.result
  }

  /**
   * The entry is durable as it was accepted, so that its effect is not in a hurry: with the acceptance of the next entry it costs no sync
   * of its own.
   */
  async #company(): Promise<void> {
    const { clock, limits, signal } = this.#parts
    if (this.#waiting.length > 1 || signal.aborted) return
    const alone = Promise.withResolvers<void>()
    this.#alone = alone
    using _timeout = clock.after(limits.applyCompanyMs, () => {
      alone.resolve()
    })
    await alone.promise
    this.#alone = undefined
  }

  /** What the votes of this member have to do with the record. */
  #stamped(record: BlockRecord, slot: number, entry: LogEntry): BlockRecord {
    const group = entry.kind === 'group' ? entry.group : record.group
    return { ...record, group, committedIndex: BigInt(slot), promised: this.#log.promised() ?? record.promised }
  }
}
