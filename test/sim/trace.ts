/** What happens in a world, line by line. The hash of all lines is equal for equal runs; the last lines tell of a failure. */
import { createHash } from 'node:crypto'

const keptLines = 60

export class Trace {
  readonly #hash = createHash('sha256')
  readonly #last: string[] = []
  readonly #print: ((line: string) => void) | undefined
  lines = 0

  constructor(print?: (line: string) => void) {
    this.#print = print
  }

  add(nowMs: number, what: string): void {
    const line = `${nowMs.toFixed(3)} ${what}`
    this.lines += 1
    this.#hash.update(`${line}\n`)
    this.#last.push(line)
    if (this.#last.length > keptLines) this.#last.shift()
    this.#print?.(line)
  }

  get last(): readonly string[] {
    return this.#last
  }

  /** May be asked at any time. */
  digest(): string {
    return this.#hash.copy().digest('hex').slice(0, 16)
  }
}
