import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, statSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import type { z } from 'zod'

/** A file of the app is a handful of values; a larger one is not what was written. */
const fileBytesMax = 64 * 1024

export interface JsonFileParts<Value> {
  readonly path: string
  readonly schema: z.ZodType<Value>
  /** What is in force where there is no file, or none that can be read. */
  readonly fallback: Value
  /** Told of a file that was damaged and is left behind. */
  readonly discarded: (facts: { readonly path: string; readonly reason: string }) => void
  /** Told of a file that could not be written; the value stays in force until the program ends. */
  readonly unwritten: (facts: { readonly path: string; readonly reason: string }) => void
}

/**
 * A small file of the app: read once, replaced as a whole. Each can be lost or damaged alone, and then the defaults are in force: no
 * file of the app keeps it from starting.
 */
export class JsonFile<Value> {
  readonly #parts: JsonFileParts<Value>
  #value: Value | undefined

  constructor(parts: JsonFileParts<Value>) {
    this.#parts = parts
  }

  get value(): Value {
    this.#value ??= this.#read()
    return this.#value
  }

  /** True when it is on the disk. */
  write(value: Value): boolean {
    this.#value = value
    const { path, unwritten } = this.#parts
    const partial = `${path}.partial`
    try {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
      const file = openSync(partial, 'w', 0o600)
      try {
        writeSync(file, `${JSON.stringify(value, undefined, 2)}\n`)
        fsyncSync(file)
      } finally {
        closeSync(file)
      }
      renameSync(partial, path)
      return true
    } catch (error) {
      removeQuietly(partial)
      unwritten({ path, reason: reasonOf(error) })
      return false
    }
  }

  #read(): Value {
    const { path, schema, fallback, discarded } = this.#parts
    try {
      if (statSync(path).size > fileBytesMax) throw new Error(`it is larger than ${fileBytesMax} bytes`)
      return schema.parse(JSON.parse(readFileSync(path, 'utf8')))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') discarded({ path, reason: reasonOf(error) })
      return fallback
    }
  }
}

/** A path that cannot even be removed has nothing behind it that matters. */
function removeQuietly(path: string): void {
  try {
    rmSync(path, { force: true })
  } catch {
    // the reason why it could not be written is told
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
