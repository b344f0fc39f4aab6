import { wireLimits } from '../../../ipc/contract/wire-limits.ts'
import type { ConnectedClients } from '../grpc/client-connections.ts'
import { controlBase } from './control-base.ts'

export interface ClientsParts {
  readonly clients: ConnectedClients
}

export function clientsHandlers({ clients: connected }: ClientsParts) {
  const { clients } = controlBase
  return {
    list: clients.list.handler(() => connected.list(wireLimits.pageRowsMax)),
    // One that is gone already is what was wanted.
    disconnect: clients.disconnect.handler(({ input }) => {
      connected.disconnect(input.id)
      return null
    }),
  }
}
