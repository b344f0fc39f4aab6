import { ORPCError } from '@orpc/client'
import { implement } from '@orpc/server'
import type { Failure } from '../../ipc/contract/common-schemas.ts'
import { nodeContract } from '../../ipc/contract/node-contract.ts'
import type { Client } from '../../ipc/contract/status-schemas.ts'
import type { Withdrawal } from '../cluster/cluster-health.ts'
import type { Connection } from '../connection/connection-store.ts'
import { AlteredConnection } from './altered-connection.ts'
import type { DemoWorld } from './demo-router.ts'
import { demoRouter } from './demo-router.ts'

const serve = implement(nodeContract)

/** Without them no page is shown at all. */
const frame = ['system.hello', 'events.watch']
/** How long a page is seen fresh before the node goes. */
const staleAfterMs = 1_500

const failure: Failure = {
  code: 'internal',
  message: 'The answer of the store was not understood.',
  retryable: true,
  details: {},
  correlationId: 'a81f03',
}

type Meet = (procedure: string, signal: AbortSignal | undefined) => void | Promise<void>

/** The node in memory; `meet` waits or throws before a procedure is called. */
function meeting(meet: Meet): AlteredConnection {
  return new AlteredConnection((_router, world) => metRouter(meet, world))
}

function metRouter(meet: Meet, world: DemoWorld) {
  return serve
    .use(async ({ path, signal, next }) => {
      const procedure = path.join('.')
      if (!frame.includes(procedure)) await meet(procedure, signal)
      return next()
    })
    .router(demoRouter(world))
}

function ends(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason)))
}

function fail(): never {
  throw new ORPCError('FAILED', { defined: true, status: 500, message: 'the call failed', data: failure })
}

function emptied(): AlteredConnection {
  const connection = new AlteredConnection()
  for (const key of connection.world.keys.under('')) connection.world.keys.delete(key)
  connection.world.cluster.leaveAlone()
  return connection
}

function losing(): AlteredConnection {
  const connection = new AlteredConnection()
  setTimeout(() => connection.lose(), staleAfterMs)
  return connection
}

function readOnly(): AlteredConnection {
  const connection = new AlteredConnection()
  connection.world.settings.putValues({ readOnly: true }, connection.world.settings.get().digest)
  return connection
}

function withdrawn(why: Withdrawal): AlteredConnection {
  const connection = new AlteredConnection()
  connection.world.cluster.withdraw(why)
  return connection
}

/** More than a page of keys and of programs; what stands around the main part of a page comes, the main part fails. */
function partly(): AlteredConnection {
  const failing = ['metrics.range', 'kv.read', 'logs.page']
  const meet: Meet = (procedure) => (failing.includes(procedure) ? fail() : undefined)
  const connection = new AlteredConnection((_router, world) => {
    const router = metRouter(meet, world)
    const { keys } = world
    return {
      ...router,
      kv: {
        ...router.kv,
        // Only the first page comes.
        list: serve.kv.list.handler(({ input: { prefix, delimiter, after, limit } }) =>
          after === undefined ? keys.list(prefix, delimiter, after, limit) : fail(),
        ),
      },
      clients: { ...router.clients, list: serve.clients.list.handler(() => manyClients()) },
    }
  })
  for (let index = 0; index < manyKeys; index += 1) {
    connection.world.keys.put(`imported-${String(index).padStart(4, '0')}`, new Uint8Array([index % 256]), '')
  }
  return connection
}

/** The index of the node is damaged: some keys cannot be read, others may be missing. */
function damaged(): AlteredConnection {
  return new AlteredConnection((router, world) => ({
    ...router,
    kv: {
      ...router.kv,
      list: serve.kv.list.handler(({ input: { prefix, delimiter, after, limit } }) => ({
        ...world.keys.list(prefix, delimiter, after, limit),
        damage: { unreadable: [`${prefix}lost-1`, `${prefix}lost-2`], incomplete: true },
      })),
    },
  }))
}

const manyKeys = 600

function manyClients(): Client[] {
  return Array.from({ length: 130 }, (_, index) => ({
    id: `c${index}`,
    peer: `127.0.0.1:${52_000 + index}`,
    connectedMs: Date.now() - index * 1_000,
    calls: index,
    callsPerSecond: 0,
  }))
}

const makers: Readonly<Record<string, () => Connection>> = {
  loading: () => meeting((_procedure, signal) => ends(signal)),
  'first-use': emptied,
  partial: partly,
  damaged,
  stale: losing,
  error: () => meeting(fail),
  permission: readOnly,
  'left-behind': () => withdrawn('left-behind'),
  left: () => withdrawn('left'),
  evicted: () => withdrawn('evicted'),
  copied: () => withdrawn('copied'),
}

/** The connection of a state that the gallery leads to; undefined for a name that is none. */
export function connectionOf(state: string | null): Connection | undefined {
  return state === null ? undefined : makers[state]?.()
}
