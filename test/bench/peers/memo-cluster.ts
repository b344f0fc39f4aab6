import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { freePort } from './child-server.ts'
import type { ClusterPeer } from './cluster-peer.ts'
import { startMemo } from './memo-peer.ts'
import type { Peer } from './peer.ts'

const entry = join(import.meta.dirname, '../../../bin/memo.js')
const run = promisify(execFile)
const growTriesMax = 300

/** Three nodes, joined by an invite as people join them. The founder leads what it was born with. */
export async function startMemoCluster(directory: string): Promise<ClusterPeer> {
  const [first, second, third] = ['a', 'b', 'c'].map((name) => join(directory, name)) as [string, string, string]
  const started: Peer[] = []
  const start = async (place: string): Promise<Peer> => {
    const peer = await startMemo(place, { listen: `127.0.0.1:${await freePort()}` })
    started.push(peer)
    return peer
  }
  try {
    await memo('cluster', 'create', 'bench', '--data', join(first, 'data'))
    const founder = await start(first)
    const grpc = ['--json', '--grpc', `127.0.0.1:${founder.port}`]
    const { link } = JSON.parse(await memo('cluster', 'invite', '--auto', '--uses', '2', ...grpc)) as { readonly link: string }
    for (const place of [second, third]) await memo('cluster', 'join', link, '--data', join(place, 'data'))
    const members = [founder, await start(second), await start(third)] as const
    await grown(grpc)
    return { name: 'memo', members, stop: () => stopAll(members) }
  } catch (error) {
    await stopAll(started)
    throw error
  }
}

/** Every block has three members. */
async function grown(grpc: readonly string[]): Promise<void> {
  for (let tries = 0; tries < growTriesMax; tries++) {
    const { quorum, groupsPending } = JSON.parse(await memo('cluster', 'status', ...grpc)) as {
      readonly quorum: { readonly members: number }
      readonly groupsPending: number
    }
    if (quorum.members === 3 && groupsPending === 0) return
    await sleep(100)
  }
  throw new Error('the nodes did not become one network')
}

async function memo(...args: readonly string[]): Promise<string> {
  return (await run(process.execPath, [entry, ...args])).stdout
}

async function stopAll(peers: readonly Peer[]): Promise<void> {
  await Promise.all(peers.map((peer) => peer.stop()))
}
