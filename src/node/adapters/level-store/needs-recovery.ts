/** Whether a store has anything to recover. Answered by what a start finds and by reading every record. */

import { isCoded } from '../../../shared/coded-error.ts'
import type { RecordStore } from '../../ports/record-store.ts'
import { nodeFiles } from './node-files.ts'
import { openLevelStore } from './open-level-store.ts'
import type { LevelStoreOptions } from './opening.ts'
import { readStoreFile } from './store-files.ts'

export type StoreSoundness =
  | {
      readonly sound: true
      readonly storeId: Uint8Array
      /** The store holds a network, which nobody can use without its keys. */
      readonly founded: boolean
    }
  | { readonly sound: false }

/** Opens the store as a start would, looks at all of it, and closes it. Throws what forbids a recovery too, such as `store-locked`. */
export async function storeSoundness(options: LevelStoreOptions, signal?: AbortSignal): Promise<StoreSoundness> {
  let opened: RecordStore
  try {
    const known = await readStoreFile(options.files ?? nodeFiles, options.directory)
    // Without an identity a start would take what is left for a new store and write one.
    if (known === undefined || known.findings.length > 0) return { sound: false }
    opened = await openLevelStore({ ...options, inspect: true })
  } catch (error) {
    if (isCoded(error, 'store-damaged') || isCoded(error, 'data-corrupt')) return { sound: false }
    throw error
  }
  await using store = opened
  if (store.condition.kind !== 'sound') return { sound: false }
  const { findings } = await store.verify(signal)
  if (findings.length > 0) return { sound: false }
  return { sound: true, storeId: store.identity.storeId, founded: store.usage().families.block.records > 0 }
}
