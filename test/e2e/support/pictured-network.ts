import { setTimeout as sleep } from 'node:timers/promises'
import type { MemoProcess } from '../../support/memo-process.ts'
import { runMemo, startMemo } from '../../support/memo-process.ts'

const rooms = ['attic', 'cellar', 'office'] as const
const settledMs = 60_000

/** Three nodes of one network in three rooms, the first of which founded it, once nothing is left to be arranged. */
export async function startPicturedNetwork(path: (room: string) => string): Promise<readonly [MemoProcess, ...MemoProcess[]]> {
  const [first, ...others] = rooms
  await done(['cluster', 'create', 'home', '--data', path(first), ...placeOf(first)])
  const founder = await startMemo(path(first))
  const at = ['--grpc', founder.ready.grpc, '--json']
  const { link } = JSON.parse(await done(['cluster', 'invite', '--auto', '--uses', String(others.length), ...at])) as {
    readonly link: string
  }
  const joined: MemoProcess[] = []
  for (const room of others) {
    await done(['cluster', 'join', link, '--data', path(room), ...placeOf(room)])
    joined.push(await startMemo(path(room)))
  }
  const deadline = performance.now() + settledMs
  for (;;) {
    const status = JSON.parse(await done(['cluster', 'status', ...at])) as Status
    if (status.nodes.alive === rooms.length && status.groupsPending === 0 && status.copiesPending === 0) break
    if (performance.now() > deadline) throw new Error(`the network is still being arranged: ${JSON.stringify(status)}`)
    await sleep(200)
  }
  return [founder, ...joined]
}

interface Status {
  readonly nodes: { readonly alive: number }
  readonly groupsPending: number
  readonly copiesPending: number | null
}

function placeOf(room: string): readonly string[] {
  return ['--listen', '127.0.0.1:0', '--zone', room, '--label', room === 'office' ? 'ssd' : 'hdd']
}

async function done(words: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runMemo(words)
  if (code !== 0) throw new Error(`memo ${words.join(' ')} ended with ${code}: ${stderr}`)
  return stdout.toString()
}
