import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { PortListener } from '../../api/grpc/port-listener.ts'
import { probeHttpPort } from '../../api/http/http-listener.ts'
import type { HostPort } from '../../config/host-port.ts'

export interface FirstStart {
  readonly data: string
  readonly grpc: HostPort
  /** Undefined where nothing is served by HTTP. */
  readonly http: HostPort | undefined
}

/**
 * Before a first start founds anything: a port that is taken would leave a new network behind that nobody wanted. A store that is
 * there is opened first, because that another node has it locked says more than that its ports are taken.
 */
export async function assertPortsFreeForFirstStart(first: FirstStart): Promise<void> {
  if (await exists(join(first.data, 'FORMAT'))) return
  if (first.grpc.port !== 0) {
    const nobody = { connectionsMax: 1, onConnection: () => {}, onError: () => {} }
    const listener = new PortListener({ ...first.grpc, ...nobody })
    await listener.listen()
    const closed = listener.close()
    listener.destroyConnections()
    await closed
  }
  if (first.http !== undefined && first.http.port !== 0) await probeHttpPort(first.http.host, first.http.port)
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  )
}
