import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { killServer, startServer, stopServer } from './child-server.ts'
import type { Peer } from './peer.ts'
import { unaryClient } from './unary-client.ts'

const root = join(import.meta.dirname, '../../..')
const protos = join(root, 'protos')

/** `listen`: HOST:PORT for other nodes. The data directory is `data` in the one that is named. */
export async function startMemo(directory: string, { listen }: { readonly listen?: string } = {}): Promise<Peer> {
  const readyPath = join(directory, 'ready.json')
  const launch = async () => {
    rmSync(readyPath, { force: true })
    const args = ['run', '--data', join(directory, 'data'), '--grpc', '127.0.0.1:0', '--console', '127.0.0.1:0']
    if (listen !== undefined) args.push('--listen', listen)
    const child = startServer(
      process.execPath,
      [join(root, 'bin/memo.js'), ...args, '--ready-file', readyPath],
      join(directory, 'log'),
    )
    for (let tries = 0; !existsSync(readyPath); tries++) {
      if (child.exitCode !== null || tries > 3000) throw new Error(`memo did not start: see ${join(directory, 'log')}`)
      await sleep(10)
    }
    const { grpc, pid } = JSON.parse(readFileSync(readyPath, 'utf8')) as { readonly grpc: string; readonly pid: number }
    const port = Number(grpc.slice(grpc.lastIndexOf(':') + 1))
    const compatible = unaryClient(join(protos, 'memo/kvs/memo_kvs.proto'), [protos], 'memo.kvs.KeyValueStore', port)
    const native = unaryClient(join(protos, 'memo/v1/key_value.proto'), [protos], 'memo.v1.KeyValue', port)
    return { child, pid, port, compatible, native }
  }
  let running = await launch()
  const release = async () => {
    running.compatible.close()
    running.native.close()
    await stopServer(running.child)
  }
  return {
    name: 'memo',
    get pid() {
      return running.pid
    },
    get port() {
      return running.port
    },
    put: async (key, value) => {
      await running.compatible.call('Upsert', { key, value })
    },
    get: async (key) => (await running.compatible.call<{ readonly value: Uint8Array }>('Fetch', { key })).value.length,
    batch: async (keys, value) => {
      await running.native.call('Batch', { operations: keys.map((key) => ({ put: { key, value } })) })
    },
    list: async (after, limit) => {
      const request = { marker: after, maxKeys: limit }
      const page = await running.compatible.call<{ readonly items: readonly { readonly key: string }[] }>('List', request)
      return page.items.map((item) => item.key)
    },
    rawPut: (key, value) => running.compatible.encode('Upsert', { key, value }),
    rawGet: (key) => running.compatible.encode('Fetch', { key }),
    restart: async () => {
      await release()
      running = await launch()
    },
    kill: () => killServer(running.child),
    stop: release,
  }
}
