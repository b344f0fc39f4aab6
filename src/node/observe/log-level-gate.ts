import type { Clock } from '../ports/clock.ts'
import { observeLimits } from './observe-limits.ts'

export const gateLevels = ['debug', 'info', 'warn', 'error'] as const
export type GateLevel = (typeof gateLevels)[number]

export interface LogGuardFacts {
  readonly level: GateLevel
  readonly linesPerSecond: number
}

const ranks: Readonly<Record<GateLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 }
const rateSeconds = 5

/**
 * Decides which lines are written: those of the level that was set and above it. Where they come too fast for too long the guard
 * raises the level by itself, a step at a time, and takes that back once it has been quiet for a while.
 */
export class LogLevelGate implements Disposable {
  readonly #clock: Pick<Clock, 'monotonicMs' | 'after'>
  #set: number
  #inForce: number
  #second: number
  #written = 0
  /** Written or held back by the guard. */
  #asked = 0
  readonly #lastSeconds: number[] = []
  #loudSeconds = 0
  #quietSeconds = 0
  #timer: Disposable | undefined
  #tell: { raised(facts: LogGuardFacts): void; lifted(facts: LogGuardFacts): void } | undefined

  constructor(level: GateLevel, clock: Pick<Clock, 'monotonicMs' | 'after'>) {
    this.#clock = clock
    this.#set = ranks[level]
    this.#inForce = this.#set
    this.#second = this.#secondNow()
  }

  /** Who says what the guard does: a logger behind this very gate. */
  start(tell: { raised(facts: LogGuardFacts): void; lifted(facts: LogGuardFacts): void }): void {
    this.#tell = tell
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]()
    this.#tell = undefined
  }

  /** In force: higher than what was set while the guard holds. */
  get level(): GateLevel {
    this.#roll()
    return levelOf(this.#inForce)
  }

  get guarded(): boolean {
    this.#roll()
    return this.#inForce > this.#set
  }

  /** Lines written in a second, over the last seconds. */
  get linesPerSecond(): number {
    this.#roll()
    return this.#lastSeconds.reduce((sum, lines) => sum + lines, 0) / rateSeconds
  }

  setLevel(level: GateLevel): void {
    this.#set = ranks[level]
    this.#lift()
  }

  /** Whether a line of this level is to be written; counts it. */
  admits(level: GateLevel): boolean {
    const rank = ranks[level]
    if (rank < this.#set) return false
    this.#roll()
    this.#asked += 1
    if (rank < this.#inForce) return false
    this.#written += 1
    return true
  }

  #roll(): void {
    const now = this.#secondNow()
    const passed = now - this.#second
    if (passed <= 0) return
    this.#second = now
    const { logLinesPerSecondMax, logLoudSeconds, logQuietSeconds } = observeLimits
    const written = this.#written
    const isQuiet = this.#asked < logLinesPerSecondMax / 2
    this.#written = 0
    this.#asked = 0
    this.#lastSeconds.push(written, ...Array.from({ length: Math.min(passed - 1, rateSeconds) }, () => 0))
    this.#lastSeconds.splice(0, this.#lastSeconds.length - rateSeconds)
    this.#loudSeconds = written > logLinesPerSecondMax ? this.#loudSeconds + 1 : 0
    this.#quietSeconds = isQuiet ? this.#quietSeconds + passed : passed - 1
    if (this.#loudSeconds >= logLoudSeconds) this.#raise(written)
    else if (this.#inForce > this.#set && this.#quietSeconds >= logQuietSeconds) {
      this.#lift()
      this.#tell?.lifted({ level: levelOf(this.#set), linesPerSecond: written })
    }
  }

  #raise(linesPerSecond: number): void {
    this.#loudSeconds = 0
    if (this.#inForce >= ranks.error) return
    // Told first: the level in force afterwards may hide it.
    this.#tell?.raised({ level: levelOf(this.#inForce + 1), linesPerSecond })
    this.#inForce += 1
    this.#timer ??= this.#arm()
  }

  #lift(): void {
    this.#inForce = this.#set
    this.#loudSeconds = 0
    this.#quietSeconds = 0
    this.#timer?.[Symbol.dispose]()
    this.#timer = undefined
  }

  /** Only while the guard holds: quiet comes without a line that would notice it. */
  #arm(): Disposable {
    return this.#clock.after(1000, () => {
      this.#timer = undefined
      this.#roll()
      if (this.#inForce > this.#set) this.#timer ??= this.#arm()
    })
  }

  #secondNow(): number {
    return Math.floor(this.#clock.monotonicMs() / 1000)
  }
}

function levelOf(rank: number): GateLevel {
  return gateLevels[rank] ?? 'error'
}

/** Whether a line of the first level is shown where the second is asked for. */
export function isAtLeast(level: GateLevel, least: GateLevel): boolean {
  return ranks[level] >= ranks[least]
}
