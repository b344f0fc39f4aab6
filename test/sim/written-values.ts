/** Values that no two writes share, so that a reader knows whose it sees. */
import { Violation } from './violation.ts'

const pieceBytes = 700

export class WrittenValues {
  readonly #values = new Map<string, Uint8Array>()

  /** The name of a new value of at least so many bytes. */
  make(bytes: number): string {
    const name = `w${this.#values.size}`
    this.#values.set(name, new TextEncoder().encode(`${name} `.padEnd(bytes, `${name}.`)))
    return name
  }

  bytesOf(name: string): Uint8Array {
    const bytes = this.#values.get(name)
    if (bytes === undefined) throw new Violation(`there is no value ${name}`)
    return bytes.slice()
  }

  async *piecesOf(name: string): AsyncGenerator<Uint8Array> {
    const bytes = this.bytesOf(name)
    for (let from = 0; from < bytes.length; from += pieceBytes) yield bytes.subarray(from, from + pieceBytes)
  }

  /** Throws Violation for bytes that nobody wrote. */
  nameOf(bytes: Uint8Array): string {
    const text = new TextDecoder().decode(bytes)
    const name = text.slice(0, Math.max(0, text.indexOf(' ')))
    const written = this.#values.get(name)
    if (written === undefined || Buffer.compare(written, bytes) !== 0) throw new Violation('a value was read that nobody wrote')
    return name
  }
}
