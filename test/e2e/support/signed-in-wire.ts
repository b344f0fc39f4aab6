import type { BrowserContext } from 'playwright'
import { WebSocket } from 'ws'
import type { NodeContract } from '../../../src/ipc/contract/node-contract.ts'
import { nodeContract } from '../../../src/ipc/contract/node-contract.ts'
import type { WireClient } from '../../../src/ipc/wire/wire-client.ts'
import { connectSocket } from '../../../src/ipc/wire/wire-client.ts'

/** A WebSocket with the cookie of a browser's session, on which anything can be called, whatever the screens would offer. */
export async function signedInWire(context: BrowserContext, consoleUrl: string): Promise<WireClient<NodeContract>> {
  const cookies = await context.cookies(consoleUrl)
  const Cookie = cookies.map(({ name, value }) => `${name}=${value}`).join('; ')
  const { origin } = new URL(consoleUrl)
  return connectSocket(
    nodeContract,
    new WebSocket(new URL('/rpc', consoleUrl).href.replace('http', 'ws'), { headers: { Cookie, Origin: origin } }),
  )
}
