import type { KeyMetadata, KeyValueClient } from '../client/key-value-client.ts'

/** Values up to this size come and go many to a call; larger ones in a stream of their own. */
export const smallBytesMax = 128 * 1024
/** Values of one group, and their bytes together. */
export const groupKeysMax = 256
export const groupBytesMax = 1024 * 1024

export interface GroupValue {
  readonly metadata: KeyMetadata
  readonly value: Uint8Array
}

export interface GroupQuery {
  readonly prefix: string
  /** The key before the first of the group, or empty. */
  readonly after: string
  /** Keys of the group, which follow each other in the store. */
  readonly count: number
  readonly signal: AbortSignal
}

/** The values of keys that follow each other, in as few calls as messages allow. Fewer or others come when the store changed meanwhile. */
export async function* groupValues(
  client: KeyValueClient,
  { prefix, after, count, signal }: GroupQuery,
): AsyncGenerator<GroupValue> {
  let startAfter = after
  for (let left = count; left > 0; ) {
    const { items } = await client.list({ prefix, startAfter, limit: left, withValues: true }, { signal })
    if (items.length === 0) return
    for (const { metadata, value } of items) {
      if (metadata === undefined) continue
      startAfter = metadata.key
      if (value !== undefined) yield { metadata, value }
    }
    left -= items.length
  }
}
