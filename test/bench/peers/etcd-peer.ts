import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort, killServer, startServer, stopServer } from './child-server.ts'
import type { Peer } from './peer.ts'
import { unaryClient } from './unary-client.ts'

/** It keeps every revision until it is told to compact, and refuses puts when these are full. */
const quotaBytes = 48 * 1024 ** 3
export const etcdProto = join(import.meta.dirname, '../protos/etcd-kv.proto')

export function hasEtcd(): boolean {
  return spawnSync('etcd', ['--version']).status === 0
}

/** One member among several: its name, its URL for the others, and all of them as etcd wants them named. */
export interface EtcdMember {
  readonly name: string
  readonly peerUrl: string
  readonly initialCluster: string
}

/** etcd as its package ships it: fsync on, no limit on the operations of a transaction that the bench would meet. */
export async function startEtcd(directory: string, member?: EtcdMember): Promise<Peer> {
  const launch = async () => {
    const port = await freePort()
    const client = `http://127.0.0.1:${port}`
    const peer = member?.peerUrl ?? `http://127.0.0.1:${await freePort()}`
    const name = member?.name ?? 'bench'
    const child = startServer(
      'etcd',
      ['--name', name, '--data-dir', join(directory, 'data'), '--listen-client-urls', client, '--advertise-client-urls', client]
        .concat(['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer])
        .concat(['--initial-cluster', member?.initialCluster ?? `${name}=${peer}`])
        .concat(['--max-txn-ops', '1024', '--quota-backend-bytes', String(quotaBytes), '--log-level', 'error']),
      join(directory, 'log'),
    )
    const unary = unaryClient(etcdProto, [], 'etcdserverpb.KV', port)
    for (let tries = 0; ; tries++) {
      try {
        await unary.call('Range', { key: Buffer.from('ready') })
        break
      } catch (error) {
        if (child.exitCode !== null || tries > 1000) throw error
        await sleep(10)
      }
    }
    return { child, pid: child.pid ?? 0, port, unary }
  }
  let running = await launch()
  const release = async () => {
    running.unary.close()
    await stopServer(running.child)
  }
  return {
    name: 'etcd',
    get pid() {
      return running.pid
    },
    get port() {
      return running.port
    },
    put: async (key, value) => {
      await running.unary.call('Put', { key: Buffer.from(key), value })
    },
    get: async (key) => {
      const answer = await running.unary.call<{ readonly kvs: readonly { readonly value: Uint8Array }[] }>('Range', {
        key: Buffer.from(key),
      })
      return answer.kvs[0]?.value.length ?? -1
    },
    batch: async (keys, value) => {
      const success = keys.map((key) => ({ request_put: { key: Buffer.from(key), value } }))
      await running.unary.call('Txn', { success })
    },
    list: async (after, limit) => {
      const answer = await running.unary.call<{ readonly kvs: readonly { readonly key: Buffer }[] }>('Range', {
        key: Buffer.from(`${after}\0`),
        range_end: Buffer.from([0]),
        limit,
        keys_only: true,
      })
      return answer.kvs.map((item) => item.key.toString())
    },
    rawPut: (key, value) => running.unary.encode('Put', { key: Buffer.from(key), value }),
    rawGet: (key) => running.unary.encode('Range', { key: Buffer.from(key) }),
    restart: async () => {
      await release()
      running = await launch()
    },
    kill: () => killServer(running.child),
    stop: release,
  }
}
