import { cpSync } from 'node:fs'
import { expect, test } from 'vitest'
import { freePorts } from '../../support/free-ports.ts'
import { runMemo } from '../../support/memo-process.ts'
import { ClusterMember, startCluster } from '../../support/process-cluster.ts'
import { errorOf, parsed, testFolder } from '../cli/cli-bed.ts'

const folder = testFolder()
const soon = { timeout: 60_000, interval: 250 }

async function put(member: ClusterMember, key: string, value: string) {
  return await runMemo(['kv', 'put', key, value, '--grpc', member.grpc, '--timeout', '15', '--json'])
}

async function get(member: ClusterMember, key: string): Promise<string> {
  const { code, stdout, stderr } = await runMemo(['kv', 'get', key, '--grpc', member.grpc, '--timeout', '15'])
  return code === 0 ? stdout.toString() : `${code} ${stderr}`
}

async function problemsOf(member: ClusterMember): Promise<readonly string[]> {
  const health = await fetch(new URL('/health', member.process.ready.consoleUrl))
  return ((await health.json()) as { readonly problems: readonly string[] }).problems
}

test('one of three goes on alone after the others are lost, is joined by a new one, and the lost ones stay out', async () => {
  const members = await startCluster(folder.path)
  const [survivor, second, third] = members
  if (survivor === undefined || second === undefined || third === undefined) throw new Error('there are three')
  for (const key of ['a', 'b']) expect((await put(second, key, `${key} before`)).code).toBe(0)
  await expect.poll(async () => [await get(survivor, 'a'), await get(survivor, 'b')], soon).toEqual(['a before', 'b before'])
  await Promise.all([second.kill(), third.kill()])
  // Whether it was carried out is unknown where the survivor led: a recovery goes on with what it had accepted.
  expect(errorOf(await put(survivor, 'pending', 'too few')).code).toMatch(/unavailable|deadline/)
  const running = await runMemo(['cluster', 'recover', '--data', survivor.data, '--alone', '--yes', '--json'])
  expect([running.code, errorOf(running).code]).toEqual([10, 'store-locked'])
  await survivor.terminate()

  const dry = parsed(await runMemo(['cluster', 'recover', '--data', survivor.data, '--dry-run', '--json']))
  expect(dry).toMatchObject({ recovery: 1, network: 'office', obstacles: [], recovered: false, blocks: { unusable: 0 } })
  expect((dry as { takenOut: unknown[] }).takenOut).toHaveLength(2)
  const asked = await runMemo(['cluster', 'recover', '--data', survivor.data, '--alone', '--json'])
  expect([asked.code, errorOf(asked).message]).toEqual([2, expect.stringContaining('give --yes')])
  const refused = await runMemo(['cluster', 'recover', '--data', second.data, '--alone', '--yes', '--json'])
  expect(errorOf(refused)).toMatchObject({
    code: 'permission-denied',
    message: expect.stringContaining('--administrator-keys'),
  })
  const done = await runMemo(['cluster', 'recover', '--data', survivor.data, '--alone', '--yes'])
  expect([done.code, done.stdout.toString()]).toEqual([0, expect.stringContaining('Taken out for good')])
  const again = await runMemo(['cluster', 'recover', '--data', survivor.data, '--alone', '--yes', '--json'])
  expect(errorOf(again).message).toContain('nothing to recover')

  await survivor.start()
  expect(await get(survivor, 'a')).toBe('a before')
  expect((await put(survivor, 'a', 'a after')).code).toBe(0)
  const status = (await runMemo(['cluster', 'status', '--grpc', survivor.grpc])).stdout.toString()
  expect(status).toMatch(/^recovery +1 by force, .* went on alone, 2 taken out/m)

  const [grpcPort = 0, listenPort = 0] = await freePorts(2)
  const fourth = new ClusterMember({ data: folder.path('node-3'), grpcPort, listenPort })
  await fourth.join(await survivor.invite(1))
  await fourth.start()
  await expect.poll(async () => (await fourth.status()).nodes.alive, soon).toBe(2)
  expect(await get(fourth, 'a')).toBe('a after')
  expect((await put(fourth, 'c', 'by the new one')).code).toBe(0)
  expect(await get(survivor, 'c')).toBe('by the new one')

  await Promise.all([second.start(), third.start()])
  for (const old of [second, third]) {
    await expect.poll(() => problemsOf(old), soon).toEqual([expect.stringContaining('recovered by force without this data')])
    expect((await runMemo(['cluster', 'status', '--grpc', old.grpc])).stdout.toString()).toContain('LEFT BEHIND')
    expect(errorOf(await put(old, 'a', 'of the past'))).toMatchObject({ code: 'unavailable' })
  }
  const later = await runMemo(['kv', 'get', 'a', '--grpc', second.grpc, '--timeout', '5'])
  expect(later.code).not.toBe(0)
  await third.kill()
  await third.start()
  expect(await problemsOf(third)).toEqual([expect.stringContaining('recovered by force without this data')])
  expect(await get(survivor, 'a')).toBe('a after')
  for (const member of [survivor, fourth]) expect((await member.status()).nodes).toMatchObject({ alive: 2, dead: 0 })

  await Promise.all([survivor, fourth, second, third].map((member) => member.terminate()))
}, 300_000)

test('a survivor that did not found the network goes on with the keys of the one that did', async () => {
  const members = await startCluster((name) => folder.path(`pair-${name}`), 2)
  const [founder, survivor] = members
  if (founder === undefined || survivor === undefined) throw new Error('there are two')
  expect((await put(founder, 'a', 'before')).code).toBe(0)
  cpSync(`${founder.data}/keys`, folder.path('backup-of-keys'), { recursive: true })
  await founder.kill()
  await survivor.terminate()
  const keys = ['--administrator-keys', folder.path('backup-of-keys')]
  const done = await runMemo(['cluster', 'recover', '--data', survivor.data, '--alone', '--yes', '--json', ...keys])
  expect(parsed(done)).toMatchObject({ recovered: true, blocks: { uncertain: 0 } })
  await survivor.start()
  expect(await get(survivor, 'a')).toBe('before')
  expect((await put(survivor, 'a', 'after')).code).toBe(0)
  await founder.start()
  await expect.poll(() => problemsOf(founder), soon).toEqual([expect.stringContaining('recovered by force without this data')])
  expect(await survivor.invite(1)).toMatch(/^memo:/)
  await Promise.all(members.map((member) => member.terminate()))
}, 180_000)
