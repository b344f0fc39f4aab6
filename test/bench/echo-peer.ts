import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { stopServer } from './peers/child-server.ts'
import { unaryClient } from './peers/unary-client.ts'

export interface EchoPeer {
  readonly port: number
  call(key: string, value: Uint8Array): Promise<void>
  raw(key: string, value: Uint8Array): { readonly path: string; readonly message: Uint8Array }
  stop(): Promise<void>
}

export async function startEcho(): Promise<EchoPeer> {
  const child: ChildProcess = spawn(process.execPath, [join(import.meta.dirname, 'echo-server.ts')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (child.stdout === null) throw new Error('no output')
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  const port = Number(line.toString().trim())
  const client = unaryClient(join(import.meta.dirname, 'protos/echo.proto'), [], 'bench.Echo', port)
  return {
    port,
    call: async (key, value) => {
      await client.call('Call', { key, value })
    },
    raw: (key, value) => client.encode('Call', { key, value }),
    stop: async () => {
      client.close()
      await stopServer(child)
    },
  }
}
