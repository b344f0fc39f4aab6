import { expect, test } from 'vitest'
import { MemoryCluster } from '../../support/memory-cluster.ts'

const reads = 40

test('reads of one turn are one call to the primary, each with its own answer', async () => {
  let requests = 0
  await using cluster = new MemoryCluster()
  await cluster.add('node-1').start()
  const asking = await cluster.grow('node-2', {
    wrapTransport: (transport) => {
      const request = transport.request.bind(transport)
      transport.request = (...call) => {
        requests++
        return request(...call)
      }
      return transport
    },
  })
  await cluster.grow('node-3')
  await cluster.settled()
  for (let index = 0; index < reads; index += 2) await cluster.at(0).put(`key-${index}`, `value ${index}`)
  // What has not arrived here yet is asked of others, and would be counted.
  await cluster.pass(1000)
  requests = 0
  const found = await Promise.all(Array.from({ length: reads }, (_, index) => asking.get(`key-${index}`)))
  expect(found).toEqual(Array.from({ length: reads }, (_, index) => (index % 2 === 0 ? `value ${index}` : undefined)))
  expect(requests).toBeLessThanOrEqual(2)
})

test('a read that its caller gave up holds up nobody else of its turn', async () => {
  await using cluster = await MemoryCluster.of(3)
  await cluster.at(0).put('key', 'value')
  const controller = new AbortController()
  const node = cluster.at(1).node
  const context = { signal: controller.signal }
  const given = node.keyValues.get('', 'key', {}, context)
  const other = cluster.at(1).get('key')
  controller.abort(new Error('enough'))
  await expect(given).rejects.toThrow('enough')
  expect(await other).toBe('value')
})
