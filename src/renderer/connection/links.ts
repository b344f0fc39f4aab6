/** Clients over the two wires of a screen. What comes back is parsed by the contract's schemas. */

import { createORPCClient } from '@orpc/client'
import { RPCLink as PortLink } from '@orpc/client/message-port'
import { RPCLink as SocketLink } from '@orpc/client/websocket'
import { ResponseValidationPlugin } from '@orpc/contract/plugins'
import { hostContract } from '../../ipc/contract/host-contract.ts'
import { nodeContract } from '../../ipc/contract/node-contract.ts'
import type { FullHostClient, NodeClient } from './clients.ts'

function holdsBytes(value: unknown): boolean {
  if (value instanceof Uint8Array) return true
  if (typeof value !== 'object' || value === null) return false
  return Object.values(value).some(holdsBytes)
}

/** Bytes are cloned by the port itself; messages without any take the library's text form. */
function transferOf(message: unknown): object[] | undefined {
  return holdsBytes(message) ? [] : undefined
}

export function hostOverPort(port: MessagePort): FullHostClient {
  return createORPCClient(
    new PortLink({ port, experimental_transfer: transferOf, plugins: [new ResponseValidationPlugin(hostContract)] }),
  )
}

export function nodeOverPort(port: MessagePort): NodeClient {
  return createORPCClient(
    new PortLink({ port, experimental_transfer: transferOf, plugins: [new ResponseValidationPlugin(nodeContract)] }),
  )
}

const bytesAsBase64 = {
  // 0 to 20 belong to the library.
  type: 30,
  condition: (value: unknown) => value instanceof Uint8Array,
  serialize: (value: Uint8Array) => toBase64(value),
  deserialize: (text: string) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)),
}

function toBase64(bytes: Uint8Array): string {
  const step = 0x8000
  let binary = ''
  for (let at = 0; at < bytes.length; at += step) binary += String.fromCharCode(...bytes.subarray(at, at + step))
  return btoa(binary)
}

export function nodeOverSocket(websocket: WebSocket): NodeClient {
  return createORPCClient(
    new SocketLink({
      websocket,
      customJsonSerializers: [bytesAsBase64],
      plugins: [new ResponseValidationPlugin(nodeContract)],
    }),
  )
}
