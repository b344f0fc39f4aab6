import { expect, test } from 'vitest'
import { freePorts } from '../../support/free-ports.ts'
import { runMemo } from '../../support/memo-process.ts'
import { ClusterMember, startCluster } from '../../support/process-cluster.ts'
import { errorOf, parsed, testFolder } from '../cli/cli-bed.ts'

const folder = testFolder()
const soon = { timeout: 90_000, interval: 500 }
const keys = Array.from({ length: 3 }, (_, index) => `key-${index}`)

async function put(member: ClusterMember, key: string, value: string) {
  return await runMemo(['kv', 'put', key, value, '--grpc', member.grpc, '--timeout', '20', '--json'])
}

async function get(member: ClusterMember, key: string): Promise<string> {
  const { code, stdout, stderr } = await runMemo(['kv', 'get', key, '--grpc', member.grpc, '--timeout', '20'])
  return code === 0 ? stdout.toString() : `${code} ${stderr}`
}

async function cluster(member: ClusterMember, ...words: readonly string[]) {
  return await runMemo(['cluster', ...words, '--grpc', member.grpc, '--json'])
}

/** Nothing is left to do at any of them. */
async function whole(members: readonly ClusterMember[]): Promise<void> {
  for (const member of members) {
    const left = async () => {
      const { groupsPending, copiesPending } = await member.status()
      return { groupsPending, copiesPending }
    }
    await expect.poll(left, soon).toEqual({ groupsPending: 0, copiesPending: 0 })
  }
}

test('one of four is killed and evicted, comes back in vain, and another one drains and leaves', async () => {
  const members = await startCluster(folder.path, 4)
  const [one, two, three, gone] = members as [ClusterMember, ClusterMember, ClusterMember, ClusterMember]
  for (const key of keys) expect((await put(two, key, `value of ${key}`)).code).toBe(0)
  const goneId = gone.process.ready.nodeId
  const prefix = goneId.slice(0, 16)
  expect(errorOf(await cluster(one, 'evict', prefix, '--yes'))).toMatchObject({
    code: 'invalid-argument',
    message: expect.stringContaining('this node answer'),
  })
  await gone.kill()
  await expect.poll(async () => (await one.status()).nodes.dead, soon).toBe(1)
  expect(errorOf(await cluster(two, 'evict', prefix, '--yes')).code).toBe('permission-denied')
  expect(errorOf(await cluster(one, 'evict', prefix)).message).toContain('give --yes')
  expect(errorOf(await cluster(one, 'evict', 'none', '--yes')).code).toBe('invalid-argument')
  expect(parsed(await cluster(one, 'evict', prefix, '--yes'))).toMatchObject({ nodeId: goneId, storingNodes: 3, replication: 3 })
  await whole([one, two, three])
  expect((await two.nodes()).map(({ nodeId }) => nodeId)).not.toContain(goneId)

  await gone.start()
  expect(errorOf(await put(gone, 'key-0', 'mine')).code).toMatch(/unavailable|deadline/)
  await gone.kill()

  await two.kill()
  for (const key of keys) expect(await get(three, key)).toBe(`value of ${key}`)
  await two.start()
  await whole([one, two, three])

  const [grpcPort = 0, listenPort = 0] = await freePorts(2)
  const fifth = new ClusterMember({ data: folder.path('node-5'), grpcPort, listenPort })
  await fifth.join(await one.invite(1))
  await fifth.start()
  await whole([one, two, three, fifth])
  const drained = parsed(await cluster(one, 'drain', three.process.ready.nodeId.slice(0, 12)))
  expect(drained).toMatchObject({ draining: true, storingNodes: 3 })
  const left = await cluster(three, 'leave', '--yes', '--timeout', '60')
  expect(parsed(left)).toMatchObject({ network: 'office', left: true })
  const status = await runMemo(['cluster', 'status', '--grpc', three.grpc])
  expect(status.stdout.toString()).toMatch(/^state +LEFT/m)
  await three.terminate()
  await three.start()
  expect(parsed(await cluster(three, 'status'))).toMatchObject({ removal: 'left', withdrawn: true })
  await three.terminate()
  await whole([one, two, fifth])
  for (const key of keys) expect(await get(fifth, key)).toBe(`value of ${key}`)
}, 480_000)
