import type { KeyMetadata, KeyPage } from '../../ipc/contract/key-schemas.ts'

interface Entry {
  readonly metadata: KeyMetadata
  readonly value: Uint8Array<ArrayBuffer>
}

const writer = '8f3a61c2d90b47e5a1c4f07722b6de9138450cfa66e1b0d2957ac3488e21f604'
const customers = ['Okafor & Daughters', 'Lindqvist AB', 'Casa Ribeiro', 'Nguyen Lighting', 'Atelier Brandt']
const encoder = new TextEncoder()

function hexFrom(text: string): string {
  let state = 0x811c9dc5
  for (const letter of text) state = Math.imul(state ^ (letter.codePointAt(0) ?? 0), 0x01000193) >>> 0
  return Array.from({ length: 8 }, (_, index) => {
    state = Math.imul(state ^ (state >>> 13) ^ index, 0x5bd1e995) >>> 0
    return state.toString(16).padStart(8, '0')
  }).join('')
}

function order(number: number): string {
  const customer = customers[number % customers.length]
  const lines = [
    { sku: 'LMP-200', qty: (number % 4) + 1, price: '38.00' },
    { sku: 'SHD-014', qty: 1, price: '112.50' },
  ]
  const total = (38 * ((number % 4) + 1) + 112.5).toFixed(2)
  return JSON.stringify({ id: number, customer, state: number % 3 === 0 ? 'open' : 'paid', lines, total }, undefined, 2)
}

/** The keys of the demo, with versions and conflicts like those of a node. Ordered by code units, which its keys do not tell apart from bytes. */
export class DemoKeys {
  readonly #entries = new Map<string, Entry>()
  readonly #changed: (key: string) => void
  #revision = 4200n

  constructor(nowMs: number, changed: (key: string) => void) {
    this.#changed = () => undefined
    const month = (name: string, count: number) =>
      Array.from({ length: count }, (_, index) => index).forEach((index) => {
        this.#write(
          `orders/${name}/${String(1800 + index).padStart(7, '0')}`,
          encoder.encode(order(1800 + index)),
          'application/json',
          nowMs,
        )
      })
    month('2026-09', 620)
    month('2026-10', 266)
    month('2026-11', 318)
    for (let index = 0; index < 560; index += 1) {
      this.#write(
        `sessions/${hexFrom(`session ${index}`).slice(0, 16)}`,
        encoder.encode(hexFrom(`s${index}`)),
        'text/plain',
        nowMs,
      )
    }
    for (const name of ['invoice', 'receipt', 'reminder', 'welcome']) {
      this.#write(
        `templates/${name}.txt`,
        encoder.encode(`Dear {{customer}},\n\nthis is the ${name} text.\n`),
        'text/plain',
        nowMs,
      )
    }
    const flags = { newCheckout: true, reducedMotion: false, maxItems: 40 }
    this.#write('feature-flags', encoder.encode(JSON.stringify(flags, undefined, 2)), 'application/json', nowMs)
    this.#write('schema', encoder.encode('{"version":3}'), 'application/json', nowMs)
    this.#write('backup/disk-image.bin', bigValue(), 'application/octet-stream', nowMs)
    this.#changed = changed
  }

  get count(): number {
    return this.#entries.size
  }

  get liveBytes(): number {
    return Array.from(this.#entries.values()).reduce((sum, entry) => sum + entry.metadata.size, 0)
  }

  get(key: string): Entry | undefined {
    return this.#entries.get(key)
  }

  put(key: string, value: Uint8Array<ArrayBuffer>, contentType: string): KeyMetadata {
    return this.#write(key, value, contentType, Date.now())
  }

  delete(key: string): void {
    if (this.#entries.delete(key)) this.#changed(key)
  }

  under(prefix: string): string[] {
    return Array.from(this.#entries.keys())
      .filter((key) => key.startsWith(prefix))
      .sort(byCodeUnits)
  }

  list(prefix: string, delimiter: string, after: string | undefined, limit: number): KeyPage {
    const items: KeyMetadata[] = []
    const prefixes: string[] = []
    let last: string | undefined
    for (const key of this.under(prefix)) {
      const end = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length)
      const name = end < 0 ? key : key.slice(0, end + delimiter.length)
      if (after !== undefined && name <= after) continue
      if (name === last) continue
      if (items.length + prefixes.length === limit) return { items, prefixes, next: last ?? '', complete: false }
      last = name
      const entry = this.#entries.get(key)
      if (end >= 0) prefixes.push(name)
      else if (entry !== undefined) items.push(entry.metadata)
    }
    return { items, prefixes, complete: true }
  }

  #write(key: string, value: Uint8Array<ArrayBuffer>, contentType: string, modifiedMs: number): KeyMetadata {
    const before = this.#entries.get(key)
    this.#revision += 1n
    const metadata: KeyMetadata = {
      key,
      version: String(BigInt(before?.metadata.version ?? '0') + 1n),
      revision: String(this.#revision),
      size: value.length,
      contentType,
      modifiedMs,
      writer,
      address: hexFrom(`${key} ${this.#revision}`),
      chunks: value.length > 1_048_576 ? Math.ceil(value.length / 1_048_576) : 0,
    }
    this.#entries.set(key, { metadata, value })
    this.#changed(key)
    return metadata
  }
}

function byCodeUnits(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0
}

/** More than may be read at once. */
function bigValue(): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(9 * 1_048_576)
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = (at * 31 + (at >>> 8)) & 0xff
  return bytes
}
