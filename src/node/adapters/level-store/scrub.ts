/**
 * Reads everything of a running store again, round after round: the blocks of the index's tables, every record and payload, then the
 * journal's segments.
 * Damage of what nobody asks for is found this way while there may still be a copy of it. The rate is bounded, so that neither the
 * processor nor the disk is kept from anything else, and a round holds on to nothing: it goes on behind the last key that it saw.
 */

import { CodedError, isCoded } from '../../../shared/coded-error.ts'
import type { Limits } from '../../core/base/limits.ts'
import type { Clock } from '../../ports/clock.ts'
import type { ScrubStatus, StoreEvents } from '../../ports/record-store.ts'
import type { SegmentCheckOptions, SegmentDamage } from './check-segment.ts'
import { checkSegment, segmentsOf, ToldPlaces } from './check-segment.ts'
import type { Files } from './files.ts'
import type { IndexDamage } from './index/index-files.ts'
import { checkTableFile, damageText, readManifest, stillLive } from './index/index-files.ts'
import type { LevelIndex } from './index/level-index.ts'
import { recordRange, valueFacts } from './index/record-codec.ts'
import type { PayloadReader } from './payload-reader.ts'
import { recordDamage } from './verify-store.ts'

export interface ScrubOptions {
  readonly index: LevelIndex
  readonly payloads: PayloadReader
  readonly files: Files
  readonly indexDirectory: string
  readonly journal: SegmentCheckOptions
  readonly clock: Clock
  readonly limits: Pick<Limits, 'scrubBytesPerSecond' | 'scrubIdleMs' | 'scrubRetryMs' | 'findingsMax'>
  readonly events: StoreEvents
  /** Told of a segment that is there and does not verify, in every round that meets it. */
  readonly onDamagedSegment: (segment: number, damage: SegmentDamage) => void
  /** Told what of the index does not verify. */
  readonly onDamagedIndex: (finding: string) => void
}

const pageRecords = 256
const pageBytes = 64 * 1024
/** Shorter waits are gathered: a timer for each small record would cost more than reading it. */
const waitMsMin = 50
const noRound: ScrubStatus = { lastRound: undefined, findings: [] }

export class Scrub {
  readonly #options: ScrubOptions
  readonly #told = new Set<string>()
  readonly #toldPlaces = new ToldPlaces()
  #status = noRound
  #found: string[] = []
  #refusal: string | undefined
  #beganMs = 0
  #isWanted = false
  #rest: AbortController | undefined
  #roundBytes = 0
  #owedBytes = 0
  #running: { readonly controller: AbortController; readonly ended: Promise<void> } | undefined

  constructor(options: ScrubOptions) {
    this.#options = options
  }

  /** What the last full round found, and the one that is under way, behind what puts are refused for. */
  get status(): ScrubStatus {
    const refusal = this.#refusal
    return { ...this.#status, refusal, findings: refusal === undefined ? this.#findings : [refusal, ...this.#findings] }
  }

  get #findings(): readonly string[] {
    return [...new Set([...this.#status.findings, ...this.#found])]
  }

  /** Damage for which puts are refused until the next start. */
  refuses(refusal: string): void {
    this.#refusal = refusal
    this.#tell(refusal)
  }

  /** Somebody met damage: the next round begins as soon as limits.scrubRetryMs have passed since the last one began. */
  soon(): void {
    if (this.#isWanted) return
    this.#isWanted = true
    this.#rest?.abort()
  }

  start(): void {
    if (this.#running !== undefined) return
    const controller = new AbortController()
    this.#running = { controller, ended: this.#run(controller.signal) }
  }

  async stop(): Promise<void> {
    this.#running?.controller.abort()
    await this.#running?.ended
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, limits, events } = this.#options
    while (!signal.aborted) {
      let restMs = limits.scrubIdleMs
      this.#isWanted = false
      this.#beganMs = clock.monotonicMs()
      try {
        await this.#round(signal)
      } catch (error) {
        restMs = limits.scrubRetryMs
        if (!signal.aborted) events.scrubFailed({ error })
      }
      await this.#resting(clock.monotonicMs() + restMs, signal)
    }
  }

  async #resting(endsMs: number, signal: AbortSignal): Promise<void> {
    const { clock, limits } = this.#options
    while (!signal.aborted) {
      const dueMs = this.#isWanted ? Math.min(endsMs, this.#beganMs + limits.scrubRetryMs) : endsMs
      const leftMs = dueMs - clock.monotonicMs()
      if (leftMs <= 0) return
      this.#rest = new AbortController()
      // It ends with an error only where the store is being closed, or a round is wanted earlier.
      await clock.sleep(leftMs, AbortSignal.any([signal, this.#rest.signal])).catch(() => undefined)
      this.#rest = undefined
    }
  }

  async #round(signal: AbortSignal): Promise<void> {
    const { clock, events } = this.#options
    const startedMs = clock.monotonicMs()
    this.#found = []
    this.#roundBytes = 0
    // LevelDB is not led over a damaged block, which may end the process.
    const tablesVerify = await this.#tables(signal)
    if (tablesVerify) await this.#records(signal)
    await this.#segments(signal, tablesVerify)
    // What is known of the records stands until they can be read again.
    const findings = tablesVerify ? this.#found : this.#findings
    this.#status = { lastRound: { endedMs: clock.nowMs(), bytes: this.#roundBytes }, findings }
    const durationMs = clock.monotonicMs() - startedMs
    events.scrubbed({ bytes: this.#roundBytes, durationMs, findings: this.#found.length })
  }

  /** False when one of them is damaged. */
  async #tables(signal: AbortSignal): Promise<boolean> {
    const { files, indexDirectory } = this.#options
    let reading = await readManifest(files, indexDirectory)
    // It is replaced while LevelDB works: once more, before that is called damage.
    if (reading.kind === 'damaged') reading = await readManifest(files, indexDirectory)
    if (reading.kind === 'damaged') {
      this.#noteIndex(reading.damage)
      return false
    }
    let isSound = true
    let buffer = Buffer.alloc(0)
    for (const table of reading.files.tables) {
      if (buffer.length < table.size + 1) buffer = Buffer.allocUnsafeSlow(table.size + 1)
      const damage = await checkTableFile(files, indexDirectory, table, buffer)
      if (damage.length > 0 && (await stillLive(files, indexDirectory, damage))) {
        isSound = false
        for (const each of damage) this.#noteIndex(each)
      }
      await this.#pace(table.size, signal)
    }
    return isSound
  }

  async #records(signal: AbortSignal): Promise<void> {
    try {
      for (let page = await this.#page(undefined); page.length > 0; page = await this.#page(page.at(-1)?.[0])) {
        for (const [key, value] of page) {
          const damage = await recordDamage(this.#options, key, value)
          if (damage !== undefined) this.#note(damage.text)
          if (damage?.place !== undefined) this.#toldPlaces.add(damage.place)
          await this.#pace(value.length + (valueFacts(key.length - 1, value).place?.length ?? 0), signal)
        }
      }
    } catch (error) {
      if (!isCoded(error, 'data-corrupt')) throw error
      this.#note(error.message)
    }
  }

  async #segments(signal: AbortSignal, indexReads: boolean): Promise<void> {
    const { journal, onDamagedSegment } = this.#options
    for (const segment of segmentsOf(journal)) {
      const checked = await checkSegment(journal, segment, this.#toldPlaces, (bytes) => this.#pace(bytes, signal))
      const { findings, frames, damage } = checked
      // What is alive in it is known from the index.
      if (damage !== undefined && indexReads) onDamagedSegment(segment, damage)
      for (const finding of findings) this.#note(finding)
      // Told, but no problem of the store: what is alive of it was verified with the records.
      for (const finding of frames) this.#tell(finding)
    }
  }

  async #page(after: Buffer | undefined): Promise<readonly (readonly [Buffer, Buffer])[]> {
    const range = after === undefined ? recordRange : { gt: after, lt: recordRange.lt }
    for await (const page of this.#options.index.pages(range, { pageRecords, pageBytes })) return page
    return []
  }

  /** Waits for as long as the bytes may take. */
  async #pace(bytes: number, signal: AbortSignal): Promise<void> {
    const { clock, limits } = this.#options
    this.#roundBytes += bytes
    this.#owedBytes += bytes
    const waitMs = (this.#owedBytes / limits.scrubBytesPerSecond) * 1000
    if (signal.aborted) throw new CodedError('cancelled', 'the store is being closed')
    if (waitMs < waitMsMin) return
    this.#owedBytes = 0
    await clock.sleep(waitMs, signal)
  }

  #note(finding: string): void {
    if (this.#found.length < this.#options.limits.findingsMax && !this.#found.includes(finding)) this.#found.push(finding)
    this.#tell(finding)
  }

  #noteIndex(damage: IndexDamage): void {
    const finding = damageText(damage)
    this.#note(finding)
    this.#options.onDamagedIndex(finding)
  }

  /** Each finding is told once, however many rounds meet it. */
  #tell(finding: string): void {
    const { limits, events } = this.#options
    if (this.#told.has(finding) || this.#told.size >= limits.findingsMax) return
    this.#told.add(finding)
    events.damageFound({ finding })
  }
}
