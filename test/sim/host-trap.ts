/**
 * While a world runs, nothing of it may touch the host: no clock, chance, disk or network but the world's own. Each way there throws, also
 * for modules that imported it before. The world itself drains what follows from an event by a timer that was taken before.
 */
import nodeCrypto from 'node:crypto'
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import net from 'node:net'
import zlib from 'node:zlib'

const hostSetImmediate = setImmediate

/** What may not be called, by what it belongs to. */
const forbidden: readonly (readonly [name: string, holder: object, names: readonly string[]])[] = [
  ['globalThis', globalThis, ['setTimeout', 'setInterval', 'setImmediate', 'fetch']],
  ['Date', Date, ['now']],
  ['performance', performance, ['now']],
  ['process', process, ['hrtime', 'uptime', 'cpuUsage', 'memoryUsage']],
  ['Math', Math, ['random']],
  ['AbortSignal', AbortSignal, ['timeout']],
  ['crypto', crypto, ['getRandomValues', 'randomUUID']],
  ['node:crypto', nodeCrypto, ['randomBytes', 'randomInt', 'randomUUID', 'randomFillSync', 'generateKeyPairSync', 'scrypt']],
  ['node:fs', fs, ['openSync', 'open', 'readFileSync', 'readFile', 'writeFileSync', 'writeFile', 'statSync', 'stat']],
  ['node:fs/promises', fs.promises, ['open', 'readFile', 'writeFile', 'stat', 'mkdir', 'rm']],
  ['node:net', net, ['connect', 'createConnection', 'createServer']],
  ['node:zlib', zlib, ['zstdCompress', 'zstdCompressSync', 'zstdDecompress', 'zstdDecompressSync']],
]

export class HostTrap implements Disposable {
  readonly #restore: (() => void)[] = []
  /** What was touched: code that catches every error hides it from the world. */
  readonly touched = new Set<string>()

  constructor() {
    for (const [holderName, holder, names] of forbidden) for (const name of names) this.#forbid(holderName, holder, name)
    this.#forbidDates()
    syncBuiltinESMExports()
  }

  /** Lets everything happen that follows from what has happened, which is done in microtasks alone. */
  async drain(): Promise<void> {
    await new Promise<void>((resolve) => void hostSetImmediate(resolve))
  }

  [Symbol.dispose](): void {
    for (const restore of this.#restore.splice(0).reverse()) restore()
    syncBuiltinESMExports()
  }

  #forbid(holderName: string, holder: object, name: string): void {
    const before = Object.getOwnPropertyDescriptor(holder, name)
    const touch = () => this.#touch(`${holderName}.${name}`)
    Object.defineProperty(holder, name, { configurable: true, writable: true, enumerable: true, value: touch })
    this.#restore.push(() => {
      if (before === undefined) Reflect.deleteProperty(holder, name)
      else Object.defineProperty(holder, name, before)
    })
  }

  /** `new Date()` reads the clock; a date of a given moment does not. */
  #forbidDates(): void {
    const touch = (): void => this.#touch('new Date')
    const HostDate = globalThis.Date
    const construct = (target: typeof Date, values: [], newTarget: typeof Date): Date => {
      if (values.length === 0) touch()
      return Reflect.construct(target, values, newTarget)
    }
    globalThis.Date = new Proxy(HostDate, { construct })
    this.#restore.push(() => {
      globalThis.Date = HostDate
    })
  }

  #touch(what: string): never {
    this.touched.add(what)
    throw new Error(`the world touched the host: ${what}`)
  }
}
