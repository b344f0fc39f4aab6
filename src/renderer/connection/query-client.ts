import { QueryClient } from '@tanstack/react-query'

/** Calls stay on this machine or are asked for on purpose: no pause without a network, no repetition, no refetch by focus. */
export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        networkMode: 'always',
        retry: false,
        refetchOnWindowFocus: false,
        refetchOnReconnect: false,
        // Fresh until an event, a gap or a new epoch says otherwise.
        staleTime: Number.POSITIVE_INFINITY,
        gcTime: 300_000,
      },
      mutations: { networkMode: 'always', retry: false },
    },
  })
}

/** Every query key starts with the path of its procedure, and the path with the epoch. */
export function epochOf(queryKey: readonly unknown[]): number | undefined {
  const path = queryKey[0]
  const first = Array.isArray(path) ? Number(path[0]) : Number.NaN
  return Number.isInteger(first) ? first : undefined
}

/**
 * Brings what was known in earlier epochs into the next one, marked as outdated: screens keep their content while they ask again.
 * Only for the same store; another one shares nothing with it.
 */
export function carryOver(client: QueryClient, epoch: number): void {
  for (const query of client.getQueryCache().getAll()) {
    const before = epochOf(query.queryKey)
    if (before === undefined || before === epoch) continue
    if (query.state.data !== undefined) {
      const [path, ...rest] = query.queryKey as [readonly string[], ...unknown[]]
      const key = [[String(epoch), ...path.slice(1)], ...rest]
      client.setQueryData(key, query.state.data, { updatedAt: query.state.dataUpdatedAt })
      void client.invalidateQueries({ queryKey: key, exact: true, refetchType: 'none' })
    }
    client.getQueryCache().remove(query)
  }
}

export function dropOtherEpochs(client: QueryClient, epoch: number): void {
  for (const query of client.getQueryCache().getAll()) {
    const of = epochOf(query.queryKey)
    if (of !== undefined && of !== epoch) client.getQueryCache().remove(query)
  }
}
