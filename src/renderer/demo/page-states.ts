import { ORPCError } from '@orpc/client'
import { implement } from '@orpc/server'
import type { Failure } from '../../ipc/contract/common-schemas.ts'
import { nodeContract } from '../../ipc/contract/node-contract.ts'
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
  const router = (world: DemoWorld) =>
    serve
      .use(async ({ path, signal, next }) => {
        const procedure = path.join('.')
        if (!frame.includes(procedure)) await meet(procedure, signal)
        return next()
      })
      .router(demoRouter(world))
  return new AlteredConnection((_router, world) => router(world))
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

const makers: Readonly<Record<string, () => Connection>> = {
  loading: () => meeting((_procedure, signal) => ends(signal)),
  'first-use': emptied,
  // What stands around the main part of a page comes, the main part fails; pages of more than one part show the others.
  partial: () =>
    meeting((procedure) => (['metrics.range', 'kv.read', 'clients.list', 'logs.page'].includes(procedure) ? fail() : undefined)),
  stale: losing,
  error: () => meeting(fail),
  permission: readOnly,
}

/** The connection of a state that the gallery leads to; undefined for a name that is none. */
export function connectionOf(state: string | null): Connection | undefined {
  return state === null ? undefined : makers[state]?.()
}
