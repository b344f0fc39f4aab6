import { contractVersion } from '../../ipc/contract/node-contract.ts'
import type { NodeClient } from './clients.ts'
import type { ConnectionSnapshot } from './connection-store.ts'

const helloTimeoutMs = 10_000

/** The first call on every connection: it tells whether screen and node speak the same contract. */
export async function openSession(
  client: NodeClient,
  epoch: number,
): Promise<Pick<ConnectionSnapshot, 'link'> & Partial<ConnectionSnapshot>> {
  const hello = await client.system.hello({ contractVersion }, { signal: AbortSignal.timeout(helloTimeoutMs) })
  if (hello.contractVersion !== contractVersion) {
    return { link: { state: 'mismatch', nodeVersion: hello.nodeVersion, contractVersion: hello.contractVersion } }
  }
  return { link: { state: 'open' }, session: { epoch, client, hello } }
}
