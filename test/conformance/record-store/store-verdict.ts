import type { RecordFamily, RecordStore, RecordWrite } from '../../../src/node/ports/record-store.ts'
import { CodedError, isCoded } from '../../../src/shared/coded-error.ts'
import { StoreTwin } from './store-twin.ts'

/** Everything that was answered, and what each key ever held. */
export class History {
  readonly twin = new StoreTwin()
  readonly #everHeld = new Map<
    string,
    { readonly family: RecordFamily; readonly key: Uint8Array; readonly values: Set<string> }
  >()

  acknowledged(batch: readonly RecordWrite[]): void {
    this.twin.apply(batch)
    for (const write of batch) {
      const name = `${write.family}/${Buffer.from(write.key).toString('hex')}`
      const held = this.#everHeld.get(name) ?? { family: write.family, key: write.key, values: new Set<string>() }
      if (write.kind === 'put') held.values.add(textOf(write.value))
      this.#everHeld.set(name, held)
    }
  }

  get keys(): readonly { readonly family: RecordFamily; readonly key: Uint8Array; readonly values: ReadonlySet<string> }[] {
    return [...this.#everHeld.values()]
  }
}

function textOf(value: Uint8Array): string {
  return Buffer.from(value.buffer, value.byteOffset, value.length).toString('latin1')
}

/**
 * How a damage ended. `open-error`: the store does not open, and says why. `suspect`: it opens read-only. `found-by-verify` and
 * `corrupt-read`: it says so when asked. `stale-until-verify`: it serves what a record held before, and only verify says so. `equal`: everything that was answered is there, so the damage hit nothing that counts.
 */
export type DamageCategory = 'open-error' | 'suspect' | 'found-by-verify' | 'corrupt-read' | 'stale-until-verify' | 'equal'

export interface Judgement {
  readonly category: DamageCategory
  readonly store: RecordStore | undefined
  readonly detail: string
}

class WrongData extends Error {
  override readonly name = 'WrongData'
}

/** Opens a damaged store and reads all of it; throws WrongData when it serves what nobody wrote or is wrong in silence. */
export async function judge(open: () => Promise<RecordStore>, history: History): Promise<Judgement> {
  let store: RecordStore
  try {
    store = await open()
  } catch (error) {
    if (!(error instanceof CodedError)) throw new WrongData('an error at open has a code', { cause: error })
    return { category: 'open-error', store: undefined, detail: `${error.code}: ${error.message}` }
  }
  try {
    const { corrupt, missing, stale } = await readAll(store, history)
    const { findings, journal } = await store.verify()
    const detail = [...(store.condition.kind === 'suspect' ? store.condition.findings : []), ...findings].join('; ')
    if (store.condition.kind === 'suspect') return { category: 'suspect', store, detail }
    if (stale.length > 0 && findings.length > 0) return { category: 'stale-until-verify', store, detail }
    if (stale.length > 0) throw new WrongData(`a value that was replaced came back: ${stale.join(', ')} (${detail})`)
    if (missing.length > 0 && findings.length === 0) throw new WrongData(`silently missing: ${missing.join(', ')}`)
    if (findings.length > 0) return { category: corrupt.length > 0 ? 'corrupt-read' : 'found-by-verify', store, detail }
    if (corrupt.length > 0) throw new WrongData(`reads fail that verify did not list: ${corrupt.join(', ')}`)
    if (journal.length > 0) return { category: 'found-by-verify', store, detail: journal.join('; ') }
    return { category: 'equal', store, detail }
  } catch (error) {
    await store.close()
    throw error
  }
}

interface Reading {
  readonly corrupt: readonly string[]
  readonly missing: readonly string[]
  readonly stale: readonly string[]
}

async function readAll(store: RecordStore, history: History): Promise<Reading> {
  const corrupt: string[] = []
  const missing: string[] = []
  const stale: string[] = []
  for (const { family, key, values } of history.keys) {
    const name = `${family}/${Buffer.from(key).toString('latin1')}`
    const expected = history.twin.get(family, key)
    let value: Uint8Array | undefined
    try {
      value = await store.get(family, key)
    } catch (error) {
      if (!isCoded(error, 'data-corrupt')) throw new WrongData(`${name} failed otherwise`, { cause: error })
      corrupt.push(name)
      continue
    }
    if (value === undefined) {
      if (expected !== undefined) missing.push(name)
    } else if (!values.has(textOf(value))) throw new WrongData(`${name} holds what nobody wrote`)
    else if (expected === undefined || Buffer.compare(value, expected) !== 0) stale.push(name)
  }
  return { corrupt, missing, stale }
}
