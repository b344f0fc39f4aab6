import { supervisorLimits } from './supervisor-limits.ts'

/** The last lines of a stream of text that comes in pieces, for the one who asks why a process ended. */
export class LogTail {
  #lines: string[] = []
  #rest = ''

  get lines(): readonly string[] {
    return this.#rest === '' ? this.#lines : [...this.#lines, this.#rest].slice(-supervisorLimits.logLinesMax)
  }

  /** Returns the lines that are whole now. */
  take(text: string): readonly string[] {
    const pieces = (this.#rest + text).split('\n')
    const rest = pieces.pop() ?? ''
    const lines = pieces.map((line) => line.slice(0, supervisorLimits.logLineCharsMax))
    // A line without an end is cut where it is too long, and the rest of it makes another.
    this.#rest = rest.length > supervisorLimits.logLineCharsMax ? '' : rest
    if (this.#rest !== rest) lines.push(rest.slice(0, supervisorLimits.logLineCharsMax))
    this.#lines = [...this.#lines, ...lines.filter((line) => line !== '')].slice(-supervisorLimits.logLinesMax)
    return lines
  }

  clear(): void {
    this.#lines = []
    this.#rest = ''
  }
}
