import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { PortListener } from '../../api/grpc/port-listener.ts'
import { probeHttpPort } from '../../api/http/http-server.ts'
import type { NodeConfig } from '../../config/node-config-schema.ts'

/**
 * Before a first start founds anything: a port that is taken would leave a new network behind that nobody wanted. A store that is
 * there is opened first, because that another node has it locked says more than that its ports are taken.
 */
export async function assertPortsFreeForFirstStart(config: NodeConfig): Promise<void> {
  if (await exists(join(config.data, 'FORMAT'))) return
  if (config.grpc.port !== 0) {
    const nobody = { connectionsMax: 1, onConnection: () => {}, onError: () => {} }
    const listener = new PortListener({ ...config.grpc, ...nobody })
    await listener.listen()
    const closed = listener.close()
    listener.destroyConnections()
    await closed
  }
  if (config.console.port !== 0) await probeHttpPort(config.console.host, config.console.port)
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  )
}
