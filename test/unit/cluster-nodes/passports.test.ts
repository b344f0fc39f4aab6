import { expect, test } from 'vitest'
import { MemoryCluster } from '../../support/memory-cluster.ts'

test('passports are renewed before they end, and a node whose passport has ended is let in by nobody', async () => {
  const limits = { passportValidityMs: 120_000, clockSkewMaxMs: 1000, passportLookMs: 5000 }
  await using cluster = await MemoryCluster.of(3, limits)
  const [first, third] = [cluster.at(0), cluster.at(2)]
  // Long enough for each passport to end several times.
  await cluster.pass(400_000)
  await third.stop()
  await third.start()
  await cluster.settled()
  await third.put('late', 'value')
  expect(await first.get('late')).toBe('value')

  await third.stop()
  await cluster.pass(200_000)
  await third.start()
  await cluster.pass(20_000)
  const states = first.node.cluster.status().nodes.map(({ state }) => state)
  expect(states.filter((state) => state === 'alive')).toHaveLength(2)
  expect(await third.codeOf(third.put('later', 'value'))).toBe('unavailable')
  expect(await first.get('later')).toBe(undefined)
})
