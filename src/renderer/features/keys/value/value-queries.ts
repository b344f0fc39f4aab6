import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useCallback } from 'react'
import type { KeyMetadata } from '../../../../ipc/contract/key-schemas.ts'
import { useNode } from '../../../connection/connection-provider.tsx'
import type { ReadRange } from '../../../ui/byte-pages.ts'
import { keysLimits } from '../keys-limits.ts'

/** What is known of a key; null where there is none. Events keep it fresh. */
export function useStat(key: string) {
  const { queries } = useNode()
  return useQuery(queries.kv.stat.queryOptions({ input: { key } }))
}

/**
 * Key of a value in the cache. A version never changes, so that no event makes it outdated; it stands apart from the queries of the
 * contract for that reason.
 */
function valueKey(epoch: number, key: string, version: string) {
  return [[String(epoch), 'keys-value'], { key, version }] as const
}

const valueKeptMs = 30_000

/** All bytes of one version. */
export function useWholeValue(metadata: KeyMetadata | null | undefined, wanted: boolean) {
  const { client, epoch } = useNode()
  const key = metadata?.key ?? ''
  const version = metadata?.version ?? ''
  const size = metadata?.size ?? 0
  return useQuery({
    queryKey: valueKey(epoch, key, version),
    queryFn: async ({ signal }) => {
      const range = await client.kv.read({ key, version, offset: 0, length: size }, { signal })
      return range?.bytes ?? null
    },
    enabled: wanted && version !== '' && size <= keysLimits.wholeBytesMax,
    gcTime: valueKeptMs,
  })
}

/** Puts what a save made known into the cache, so that nothing is read again that was just written. */
export function useLearnValue() {
  const { queries, epoch } = useNode()
  const cache = useQueryClient()
  return useCallback(
    (metadata: KeyMetadata, bytes: Uint8Array) => {
      cache.setQueryData(valueKey(epoch, metadata.key, metadata.version), bytes)
      cache.setQueryData(queries.kv.stat.queryKey({ input: { key: metadata.key } }), metadata)
    },
    [cache, queries, epoch],
  )
}

/** The first bytes of a version, for a guess at its type. */
export function useValueHead(metadata: KeyMetadata, wanted: boolean) {
  const { client, epoch } = useNode()
  const { key, version } = metadata
  return useQuery({
    queryKey: [[String(epoch), 'keys-head'], { key, version }],
    queryFn: async ({ signal }) => {
      const range = await client.kv.read({ key, version, offset: 0, length: keysLimits.sniffBytes }, { signal })
      return range?.bytes ?? null
    },
    enabled: wanted,
    gcTime: valueKeptMs,
  })
}

/** Reads ranges of one version; with another one the read fails, and what is shown is never a mixture. */
export function useRangeReader(metadata: KeyMetadata): ReadRange {
  const { client } = useNode()
  const { key, version } = metadata
  return useCallback(
    async (offset, length, signal) => {
      const range = await client.kv.read({ key, version, offset, length }, { signal })
      if (range === null) throw new Error('the key is gone')
      return range.bytes
    },
    [client, key, version],
  )
}
