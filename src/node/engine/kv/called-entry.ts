import { isCoded } from '../../../shared/coded-error.ts'
import type { CalledEntry } from '../../core/kv/page-calls.ts'
import type { PageKeeper } from './page-keeper.ts'

/** A key's entry, as it is told to another node. */
export async function calledEntry(keeper: PageKeeper, key: Uint8Array): Promise<CalledEntry> {
  try {
    return await keeper.entry(key)
  } catch (error) {
    if (!isCoded(error, 'data-corrupt')) throw error
    return 'unreadable'
  }
}
