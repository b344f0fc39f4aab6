import type { Query, QueryClient } from '@tanstack/react-query'
import type { EventTopic, NodeEvent } from '../../ipc/contract/event-schemas.ts'
import type { NodeQueries } from './node-queries.ts'

interface KeyInput {
  readonly key?: unknown
  readonly prefix?: unknown
}

function inputOf(query: Query): KeyInput {
  const options: unknown = query.queryKey[1]
  const input = typeof options === 'object' && options !== null && 'input' in options ? options.input : undefined
  return typeof input === 'object' && input !== null ? input : {}
}

/** Whether one of the keys is named by the query, or lies under its prefix. */
function concerns(query: Query, keys: readonly string[], more: boolean): boolean {
  const { key, prefix } = inputOf(query)
  if (more) return true
  if (typeof key === 'string') return keys.includes(key)
  if (typeof prefix === 'string') return keys.some((changed) => changed.startsWith(prefix))
  return true
}

/** All that a topic keeps fresh, asked for again because events were missed. */
function refetchTopic(client: QueryClient, queries: NodeQueries, topic: EventTopic): Promise<void> {
  switch (topic) {
    case 'status':
      return Promise.all(
        [queries.system, queries.cluster].map((part) => client.invalidateQueries({ queryKey: part.key() })),
      ).then(() => undefined)
    case 'keys':
      return client.invalidateQueries({ queryKey: queries.kv.key() })
    case 'jobs':
      return client.invalidateQueries({ queryKey: queries.jobs.key() })
    case 'clients':
      return client.invalidateQueries({ queryKey: queries.clients.key() })
    case 'settings':
      return client.invalidateQueries({ queryKey: queries.settings.key() })
  }
}

/** Lets the cache learn what an event tells: facts are stored as they are, changes make the queries about them outdated. */
export async function applyEvent(client: QueryClient, queries: NodeQueries, topic: EventTopic, event: NodeEvent): Promise<void> {
  switch (event.kind) {
    case 'status':
      client.setQueryData(queries.system.status.queryKey(), event.status)
      // Nodes come and go with no event of their own. A call that is under way stays: over a slow wire none would ever end otherwise.
      return client.invalidateQueries({ queryKey: queries.cluster.key() }, { cancelRefetch: false })
    case 'jobs':
      client.setQueryData(queries.jobs.list.queryKey(), event.jobs)
      return
    case 'keys':
      return client.invalidateQueries({
        queryKey: queries.kv.key(),
        predicate: (query) => concerns(query, event.changed, event.more),
      })
    case 'clients':
    case 'settings':
    case 'gap':
      return refetchTopic(client, queries, topic)
  }
}
