import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { runMemo, startMemo } from '../../support/memo-process.ts'
import { errorOf, parsed, testFolder } from './cli-bed.ts'

const folder = testFolder()
const listening = { arguments: ['--listen', '127.0.0.1:0'] }
const soon = { timeout: 30_000, interval: 500 }

interface Status {
  readonly nodes: Readonly<Record<string, number>>
  readonly quorum: { readonly alive: number; readonly reached: boolean }
}

async function statusOf(grpc: string): Promise<Status> {
  return parsed(await runMemo(['cluster', 'status', '--json', '--grpc', grpc])) as Status
}

test('three machines become one network: what is put on one is read on another, also when one of them is gone', async () => {
  const first = folder.path('first')
  parsed(await runMemo(['cluster', 'create', 'office', '--data', first, '--json']))
  const one = await startMemo(first, listening)
  expect(one.ready.listen).toMatch(/^127\.0\.0\.1:[1-9]\d*$/)
  const at = (grpc: string) => ['--grpc', grpc, '--json'] as const
  const invite = parsed(await runMemo(['cluster', 'invite', '--auto', '--uses', '2', ...at(one.ready.grpc)]))
  const { link, expires } = invite as { readonly link: string; readonly expires: string }
  expect(link).toMatch(/^memo:\/\/join\/[\w-]+$/)
  expect(Date.parse(expires)).toBeGreaterThan(Date.now())

  const joined = folder.path('second')
  const places = ['--listen', '127.0.0.1:0', '--grpc', '127.0.0.1:0', '--console', '127.0.0.1:0']
  const facts = ['--zone', 'cellar', '--label', 'ssd']
  expect(parsed(await runMemo(['cluster', 'join', link, '--data', joined, ...places, ...facts, '--json']))).toMatchObject({
    network: 'office',
    data: joined,
    kept: ['grpc', 'console', 'listen', 'zone', 'labels'],
  })
  parsed(await runMemo(['cluster', 'join', link, '--data', folder.path('third'), '--json']))
  const again = await runMemo(['cluster', 'join', link, '--data', joined, '--json'])
  expect([again.code, errorOf(again).code]).toEqual([2, 'invalid-argument'])
  const spent = await runMemo(['cluster', 'join', link, '--data', folder.path('fourth'), '--json'])
  expect([spent.code, errorOf(spent).code]).toEqual([6, 'permission-denied'])

  // Plainly: where it serves and what it is was given to the join.
  const two = await startMemo(joined, { placeFlags: false })
  const three = await startMemo(folder.path('third'), listening)
  for (const { ready } of [one, two, three]) {
    await expect.poll(async () => (await statusOf(ready.grpc)).nodes, soon).toMatchObject({ alive: 3 })
  }
  const { nodes } = parsed(await runMemo(['cluster', 'nodes', ...at(three.ready.grpc)])) as { readonly nodes: unknown[] }
  expect(nodes).toContainEqual(expect.objectContaining({ nodeId: two.ready.nodeId, zone: 'cellar', labels: ['ssd'] }))
  parsed(await runMemo(['kv', 'put', 'greeting', 'hello', ...at(one.ready.grpc)]))
  expect((await runMemo(['kv', 'get', 'greeting', '--grpc', three.ready.grpc])).stdout.toString()).toBe('hello')
  const address = (await runMemo(['block', 'put', 'some text', '--grpc', two.ready.grpc])).stdout.toString().trim()
  const { replicas } = parsed(await runMemo(['block', 'stat', address, ...at(one.ready.grpc)])) as {
    readonly replicas: unknown[]
  }
  expect(replicas).toHaveLength(3)

  await two.kill()
  await expect.poll(async () => (await statusOf(one.ready.grpc)).nodes, soon).toMatchObject({ alive: 2, dead: 1 })
  expect((await statusOf(three.ready.grpc)).quorum).toMatchObject({ alive: 2, reached: true })
  parsed(await runMemo(['kv', 'put', 'greeting', 'hello again', ...at(three.ready.grpc)]))
  expect((await runMemo(['kv', 'get', 'greeting', '--grpc', one.ready.grpc])).stdout.toString()).toBe('hello again')
  const health = await fetch(`${one.ready.consoleUrl}/health`)
  expect([health.status, ((await health.json()) as { problems: string[] }).problems]).toEqual([
    503,
    [
      expect.stringMatching(/^one more node that goes stops the network: 2 of the 3 /),
      expect.stringMatching(/^1 of 3 nodes of the network do not answer/),
    ],
  ])
  await Promise.all([one.kill(), three.kill()])
}, 180_000)

test('nodes that have all moved find each other by one address that they are told', async () => {
  const [first, second] = [folder.path('moving'), folder.path('moving-too')]
  const inviter = await startMemo(first, listening)
  const { link } = parsed(await runMemo(['cluster', 'invite', '--auto', '--json', '--grpc', inviter.ready.grpc])) as {
    readonly link: string
  }
  parsed(await runMemo(['cluster', 'join', link, '--data', second, '--json']))
  const joiner = await startMemo(second, listening)
  await expect.poll(async () => (await statusOf(joiner.ready.grpc)).nodes, soon).toMatchObject({ alive: 2 })
  await Promise.all([inviter.kill(), joiner.kill()])
  const one = await startMemo(first, listening)
  const two = await startMemo(second, { arguments: [...listening.arguments, '--peer', one.ready.listen ?? ''] })
  for (const { ready } of [one, two]) {
    await expect.poll(async () => (await statusOf(ready.grpc)).nodes, soon).toMatchObject({ alive: 2 })
  }
  expect((await statusOf(two.ready.grpc)).quorum.reached).toBe(true)
  await Promise.all([one.kill(), two.kill()])
}, 120_000)

test('a link that is none, or that leads to nobody, leaves the directory without a network', async () => {
  const data = folder.path('lost')
  const none = await runMemo(['cluster', 'join', 'memo://join/AAAA', '--data', data, '--json'])
  expect([none.code, errorOf(none).code]).toEqual([2, 'invalid-argument'])
  const long = await runMemo(['cluster', 'join', 'memo://join/AAAA', '--data', data, '--name', 'x'.repeat(256), '--json'])
  expect([long.code, errorOf(long).message]).toEqual([2, expect.stringContaining('255 bytes')])
  const inviter = await startMemo(folder.path('gone'), listening)
  const invite = parsed(await runMemo(['cluster', 'invite', '--auto', '--json', '--grpc', inviter.ready.grpc]))
  await inviter.kill()
  const { link } = invite as { readonly link: string }
  const nobody = await runMemo(['cluster', 'join', link, '--data', data, '--zone', 'cellar', '--json'])
  expect([nobody.code, errorOf(nobody).code, existsSync(`${data}/memo.json`)]).toEqual([5, 'unavailable', false])
  const started = await runMemo(['run', '--data', data, '--grpc', '127.0.0.1:0', '--console', '127.0.0.1:0'])
  expect([started.code, started.stderr.toString()]).toEqual([2, expect.stringContaining('was to join the network')])
  expect(parsed(await runMemo(['cluster', 'create', 'own', '--data', data, '--json']))).toMatchObject({ founded: true })
}, 90_000)
