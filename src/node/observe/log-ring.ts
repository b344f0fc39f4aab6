import type { KeptLine, LogEntry, LogSearch } from './log-lines.ts'
import { keptLine, lineMatcher } from './log-lines.ts'
import { observeLimits } from './observe-limits.ts'

export interface LogPageQuery {
  readonly search: LogSearch
  /** Only lines before this one. */
  readonly before?: number | undefined
  readonly limit: number
  /** Ends the page early at so many characters. */
  readonly charactersMax: number
}

export interface LogPageResult {
  /** Newest last. */
  readonly lines: LogEntry[]
  readonly more: boolean
}

export interface LogStretch {
  readonly lines: LogEntry[]
  /** The first line that was not looked at: where the next stretch begins. */
  readonly next: number
}

/** Of a line besides its text. */
const overheadBytes = 128

/** The newest lines of the log in memory. A destination of the logger: what it keeps is what was written, redactions included. */
export class LogRing {
  readonly #linesMax: number
  #lines: (KeptLine | undefined)[] = []
  /** Index in `#lines` of the oldest line that is kept. */
  #first = 0
  /** Its sequence number; they follow each other without a hole. */
  #oldest = 1
  #bytes = 0
  readonly #subsystems = new Set<string>()
  readonly #waiting = new Set<() => void>()

  constructor(linesMax: number) {
    this.#linesMax = linesMax
  }

  /** Sequence number of the oldest line that is kept, and of the next one to come. */
  get oldest(): number {
    return this.#oldest
  }

  get next(): number {
    return this.#oldest + this.#lines.length - this.#first
  }

  get subsystems(): string[] {
    return [...this.#subsystems].sort()
  }

  write(text: string): void {
    const line = keptLine(text, this.next)
    if (line === undefined) return
    this.#lines.push(line)
    this.#bytes += bytesOf(line)
    if (line.subsystem !== '' && this.#subsystems.size < observeLimits.logSubsystemsMax) this.#subsystems.add(line.subsystem)
    while (this.next - this.#oldest > this.#linesMax || this.#bytes > observeLimits.logBytesMax) this.#dropOldest()
    if (this.#waiting.size > 0) this.#wake()
  }

  /** The newest lines that match, or those before a given one. A long search lets others run. */
  async page({ search, before = this.next, limit, charactersMax }: LogPageQuery, signal: AbortSignal): Promise<LogPageResult> {
    const matches = lineMatcher(search)
    const lines: LogEntry[] = []
    let characters = 0
    let scanned = 0
    let at = Math.min(before, this.next) - 1
    for (; at >= this.#oldest && lines.length < limit; at--) {
      if (lines.length > 0 && scanned >= observeLimits.logScanMax) break
      scanned += 1
      if (scanned % observeLimits.logScanStep === 0) await othersRan(signal)
      const line = this.#lineAt(at)
      const entry = line && matches(line)
      if (entry === undefined) continue
      characters += charactersOf(entry)
      if (lines.length > 0 && characters > charactersMax) break
      lines.push(entry)
    }
    return { lines: lines.reverse(), more: at >= this.#oldest }
  }

  /** Lines that match from a given one on, within the bounds of one stretch. */
  from(sequence: number, search: LogSearch, linesMax: number, charactersMax: number): LogStretch {
    const matches = lineMatcher(search)
    const lines: LogEntry[] = []
    let characters = 0
    let at = Math.max(sequence, this.#oldest)
    const end = Math.min(this.next, at + observeLimits.logScanStep)
    for (; at < end && lines.length < linesMax; at++) {
      const line = this.#lineAt(at)
      const entry = line && matches(line)
      if (entry === undefined) continue
      characters += charactersOf(entry)
      if (lines.length > 0 && characters > charactersMax) break
      lines.push(entry)
    }
    return { lines, next: at }
  }

  /** Resolves when there is a line with this sequence number or a later one. Rejects with the signal's reason. */
  async reached(sequence: number, signal: AbortSignal): Promise<void> {
    while (this.next <= sequence) {
      signal.throwIfAborted()
      const { promise, resolve: settle } = Promise.withResolvers<void>()
      const resolve = () => settle()
      this.#waiting.add(resolve)
      signal.addEventListener('abort', resolve)
      await promise
      signal.removeEventListener('abort', resolve)
      this.#waiting.delete(resolve)
    }
    signal.throwIfAborted()
  }

  #lineAt(sequence: number): KeptLine | undefined {
    return this.#lines[this.#first + sequence - this.#oldest]
  }

  #dropOldest(): void {
    const line = this.#lines[this.#first]
    if (line !== undefined) this.#bytes -= bytesOf(line)
    this.#lines[this.#first] = undefined
    this.#first += 1
    this.#oldest += 1
    // A shift for each line would move all the others.
    if (this.#first < 1024 || this.#first * 2 < this.#lines.length) return
    this.#lines = this.#lines.slice(this.#first)
    this.#first = 0
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve()
    this.#waiting.clear()
  }
}

function bytesOf({ text }: KeptLine): number {
  return Buffer.byteLength(text) + overheadBytes
}

function charactersOf({ message, facts, subsystem }: LogEntry): number {
  return message.length + facts.length + subsystem.length + overheadBytes
}

async function othersRan(signal: AbortSignal): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
  signal.throwIfAborted()
}
