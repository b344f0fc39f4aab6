import type { AnyContractRouter } from '@orpc/contract'
import type { Context } from '@orpc/server'
import type { WireClient } from './wire-client.ts'
import { connectPort } from './wire-client.ts'
import type { Served } from './wire-server.ts'
import { servePort } from './wire-server.ts'

/** Both ends of a connection in one process: for tests, the gallery and hosts that answer their own screens. */
export function connectMemory<Contract extends AnyContractRouter, Shared extends Context>(
  contract: Contract,
  served: Served<Shared>,
): WireClient<Contract> {
  const { port1, port2 } = new MessageChannel()
  servePort(port1, served)
  return connectPort(contract, port2)
}
