import type { Connection } from './connection-store.ts'
import { PortConnection } from './port-connection.ts'
import { SocketConnection } from './socket-connection.ts'

declare global {
  interface Window {
    /** From the preload of the desktop; absent in a browser. */
    readonly memo?: { readonly connect: () => unknown }
  }
}

export function createConnection(): Connection {
  const { memo } = window
  return memo === undefined ? new SocketConnection() : new PortConnection(() => memo.connect())
}
