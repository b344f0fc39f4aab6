import { describe, expect, test } from 'vitest'
import { runMemo } from '../../support/memo-process.ts'
import type { ClusterMember } from '../../support/process-cluster.ts'
import { startCluster } from '../../support/process-cluster.ts'
import { testFolder } from '../cli/cli-bed.ts'

const folder = testFolder()
const soon = { timeout: 60_000, interval: 500 }

/** What the command prints; its code and error text where it fails. */
async function memo(at: ClusterMember, ...words: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runMemo([...words, '--grpc', at.grpc])
  return code === 0 ? stdout.toString() : `${code} ${stderr}`
}

async function settled(members: readonly ClusterMember[]): Promise<void> {
  for (const member of members) {
    await expect
      .poll(async () => {
        const { groupsPending, copiesPending } = await member.status()
        return [groupsPending, copiesPending]
      }, soon)
      .toEqual([0, 0])
  }
}

describe.each([2, 3])('of %i nodes', (count) => {
  test('the last one alive answers eventual reads with their versions, and bounded ones while it knows that they are young', async () => {
    const members = await startCluster((name) => folder.path(`${count}-${name}`), count)
    await settled(members)
    const [first, ...others] = members as [ClusterMember, ...ClusterMember[]]
    const alive = others.at(-1) as ClusterMember
    await memo(first, 'kv', 'put', 'greeting', 'hello')
    await memo(first, 'kv', 'put', 'greeting', 'hello again')
    await memo(first, 'kv', 'put', 'other', 'value')
    const block = JSON.parse(await memo(first, 'block', 'put', 'public', '--kind', 'named', '--name', 'profile', '--json'))
    const within = ['--consistency', 'bounded', '--staleness', '30m']
    const eventual = ['--consistency', 'eventual']
    expect(await memo(alive, 'kv', 'get', 'greeting', ...within)).toBe('hello again')
    await expect.poll(() => memo(alive, 'kv', 'get', 'greeting', ...eventual), soon).toBe('hello again')
    const current = JSON.parse(await memo(alive, 'kv', 'stat', 'greeting', '--json'))
    expect(current).not.toHaveProperty('ageMs')
    for (const member of members) if (member !== alive) await member.kill()
    const stat = JSON.parse(await memo(alive, 'kv', 'stat', 'greeting', ...eventual, '--json'))
    expect(stat).toMatchObject({ key: 'greeting', version: '2', size: 11 })
    expect(await memo(alive, 'kv', 'get', 'greeting', ...eventual)).toBe('hello again')
    expect(await memo(alive, 'kv', 'ls', ...eventual)).toBe('greeting\nother\n')
    expect(await memo(alive, 'kv', 'stat', 'absent', ...eventual)).toMatch(/^3 .*no key absent/s)
    expect(await memo(alive, 'kv', 'get', 'other', ...within)).toBe('value')
    const blockStat = JSON.parse(await memo(alive, 'block', 'stat', block.address, ...eventual, '--json'))
    expect(blockStat).toMatchObject({ kind: 'named', version: '0' })
    expect(await memo(alive, 'kv', 'put', 'greeting', 'nobody hears', '--timeout', '20')).toMatch(/^[1-9]\d? /)
    if (count === 3) {
      expect(await memo(alive, 'kv', 'get', 'greeting')).toMatch(/^[1-9]\d? .*(no majority|no node)/s)
      const young = ['--consistency', 'bounded', '--staleness', '1ms']
      expect(await memo(alive, 'kv', 'get', 'greeting', ...young)).toMatch(/^[1-9]\d? /)
    }
    // Nobody can be asked any more: it grows.
    const ageBy = async (...words: readonly string[]) =>
      (JSON.parse(await memo(alive, ...words, '--json')) as { ageMs: number }).ageMs
    const get = await ageBy('kv', 'get', 'greeting', ...within)
    expect(get).toBeGreaterThanOrEqual(stat.ageMs)
    expect(await ageBy('kv', 'ls', 'greeting', ...eventual)).toBeGreaterThanOrEqual(get)
    expect(await memo(alive, 'kv', 'stat', 'greeting', ...within)).toMatch(/^age {7}at most [1-9]\d* ms$/m)
    expect(await memo(alive, 'block', 'stat', block.address, ...eventual)).toMatch(/^age {9}unknown: this was current once$/m)
    await alive.kill()
  }, 240_000)
})

test('what no read can mean is refused before anybody is asked', async () => {
  const nobody = ['--grpc', '127.0.0.1:1']
  const refused = async (...words: readonly string[]) =>
    (await runMemo(['kv', 'get', 'key', ...words, ...nobody])).stderr.toString()
  expect(await refused('--staleness', '5s')).toContain('--staleness needs --consistency bounded')
  expect(await refused('--consistency', 'sometimes')).toContain('none of linearizable, bounded, eventual')
  expect(await refused('--consistency', 'bounded', '--staleness', '5 years')).toContain('a time such as 500ms')
})
