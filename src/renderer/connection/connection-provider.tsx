import type { QueryClient } from '@tanstack/react-query'
import { QueryClientProvider } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { createContext, useContext, useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react'
import type { EventTopic, NodeEvent } from '../../ipc/contract/event-schemas.ts'
import type { HostCapabilities, NodeRun } from '../../ipc/contract/host-contract.ts'
import type { Hello } from '../../ipc/contract/status-schemas.ts'
import { applyEvent } from './apply-event.ts'
import type { HostClient, NodeClient } from './clients.ts'
import type { Connection, ConnectionSnapshot } from './connection-store.ts'
import { EventHub } from './event-hub.ts'
import type { NodeQueries } from './node-queries.ts'
import { nodeQueries } from './node-queries.ts'
import { carryOver, createQueryClient, dropOtherEpochs } from './query-client.ts'

interface NodeValue {
  readonly client: NodeClient
  /** TanStack utilities, e.g. `useQuery(queries.kv.stat.queryOptions({ input: { key } }))`. */
  readonly queries: NodeQueries
  readonly epoch: number
  readonly hello: Hello
  /** False while the node is away or does not answer: what is shown may be outdated, and changes would fail. */
  readonly live: boolean
}

const connectionContext = createContext<Connection | undefined>(undefined)
const hubContext = createContext<EventHub | undefined>(undefined)
const nodeContext = createContext<NodeValue | undefined>(undefined)

interface ProviderProps {
  readonly connection: Connection
  readonly queryClient?: QueryClient
  readonly children: ReactNode
}

export function ConnectionProvider({ connection, queryClient, children }: ProviderProps) {
  const [client] = useState(() => queryClient ?? createQueryClient())
  const [hub] = useState(() => new EventHub())
  const snapshot = useSyncExternalStore(connection.subscribe, connection.snapshot)
  const { session, link, visible } = snapshot
  const storeOf = useRef<string | undefined>(undefined)

  const node = useMemo(() => {
    if (session === undefined) return undefined
    // Before any component reads with the new epoch, so that none of them falls back to a skeleton.
    const store = `${session.hello.networkId} ${session.hello.nodeId}`
    if (storeOf.current === store) carryOver(client, session.epoch)
    else dropOtherEpochs(client, session.epoch)
    storeOf.current = store
    return { ...session, queries: nodeQueries(session.client, session.epoch) }
  }, [session, client])

  // Who signs out wants nothing of the node kept in the page.
  const left = link.state === 'signed-out' && session === undefined
  useEffect(() => {
    if (!left) return
    client.clear()
    storeOf.current = undefined
  }, [left, client])

  const live = link.state === 'open'
  // Streams outlive a silence: they go on where they were, and miss nothing.
  const attached = live || link.state === 'silent'
  const value = useMemo(() => (node === undefined ? undefined : { ...node, live }), [node, live])

  useEffect(() => {
    if (attached && node !== undefined)
      hub.attach(node.client, (topic, event) => void applyEvent(client, node.queries, topic, event))
    else hub.attach(undefined)
  }, [hub, attached, node, client])
  useEffect(() => hub.setVisible(visible), [hub, visible])
  useEffect(() => () => hub.attach(undefined), [hub])

  return (
    <connectionContext.Provider value={connection}>
      <QueryClientProvider client={client}>
        <hubContext.Provider value={hub}>
          <nodeContext.Provider value={value}>{children}</nodeContext.Provider>
        </hubContext.Provider>
      </QueryClientProvider>
    </connectionContext.Provider>
  )
}

function needed<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new Error(`${name} is missing above this component`)
  return value
}

export function useConnection(): Connection {
  return needed(useContext(connectionContext), 'ConnectionProvider')
}

export function useConnectionSnapshot(): ConnectionSnapshot {
  const connection = useConnection()
  return useSyncExternalStore(connection.subscribe, connection.snapshot)
}

/** The node of the present session. Pages are only rendered when there is or was one. */
export function useNode(): NodeValue {
  return needed(useContext(nodeContext), 'a session with the node')
}

export interface HostValue {
  readonly client: HostClient
  readonly capabilities: HostCapabilities
  readonly run: NodeRun | undefined
  readonly visible: boolean
}

export function useHost(): HostValue {
  const { host, run, visible } = useConnectionSnapshot()
  const { client, capabilities } = needed(host, 'the host')
  return { client, capabilities, run, visible }
}

/**
 * Keeps the queries of these topics fresh while the component is mounted and the window visible. All components share one
 * subscription for each topic. `onEvent` hears each event after the cache has learnt of it, with its topic.
 */
export function useNodeEvents(topics: readonly EventTopic[], onEvent?: (event: NodeEvent, topic: EventTopic) => void): void {
  const hub = needed(useContext(hubContext), 'ConnectionProvider')
  const names = topics.join(' ')
  const listener = useRef(onEvent)
  useEffect(() => {
    listener.current = onEvent
  })
  useEffect(() => {
    const leave = names.split(' ').map((name) => {
      const topic = name as EventTopic
      return hub.listen(topic, (event) => {
        listener.current?.(event, topic)
      })
    })
    return () => {
      for (const end of leave) end()
    }
  }, [hub, names])
}
