import { expect, test } from 'vitest'
import { MemoryCluster } from '../../support/memory-cluster.ts'

test('the survivor of three goes on alone, is joined anew, and the others stay out and say so', async () => {
  await using cluster = await MemoryCluster.of(3)
  const [survivor, second, third] = [cluster.at(0), cluster.at(1), cluster.at(2)]
  for (const key of ['a', 'b', 'c']) await survivor.put(key, `${key} before`)
  await cluster.pass(2000)
  for (const node of [second, third, survivor]) node.vanish()
  await survivor.start()
  expect(await survivor.codeOf(survivor.put('a', 'too few'))).toBe('unavailable')
  await survivor.stop()
  const recovery = await survivor.recover()
  expect(recovery.takenOut).toHaveLength(2)
  await survivor.start()
  for (const key of ['a', 'b', 'c']) expect(await survivor.get(key)).toBe(`${key} before`)
  await survivor.put('a', 'after')
  expect(survivor.node.cluster.status()).toMatchObject({
    recovery: { number: 1, takenOut: [expect.anything(), expect.anything()] },
    withdrawn: false,
    openEpochs: 1,
  })
  await second.start()
  await third.start()
  await cluster.pass(30_000)
  for (const old of [second, third]) {
    expect(old.node.cluster.status()).toMatchObject({ withdrawn: true, leftBehind: { number: 1 } })
    expect(await old.codeOf(old.get('a'))).toBe('unavailable')
  }
  await second.stop()
  await second.start()
  expect(second.node.cluster.status()).toMatchObject({ withdrawn: true, leftBehind: { number: 1 } })
  await second.stop()
  await third.stop()
  const fourth = await cluster.grow('node-4')
  await cluster.settled()
  await fourth.put('d', 'by the new one')
  expect(await survivor.get('d')).toBe('by the new one')
  expect(await fourth.get('a')).toBe('after')
  expect(fourth.node.cluster.status()).toMatchObject({ recovery: { number: 1, blocksLeft: 0 } })
})
