import { expect, test } from 'vitest'
import { unavailable } from '../../../src/node/adapters/peer-session/peer-failure.ts'
import { requestKindOf } from '../../../src/node/core/wire/peer-body.ts'
import { MemoryCluster } from '../../support/memory-cluster.ts'

test('a change that its node sent again after its outcome was forgotten is not said to be refused', async () => {
  await using cluster = await MemoryCluster.of(2, { outcomesMax: 4 })
  let isArmed = false
  const caller = await cluster.grow('node-3', {
    wrapTransport: (transport) => {
      const request = transport.request.bind(transport)
      transport.request = async (nodeId, body, options) => {
        const answer = await request(nodeId, body, options)
        if (!isArmed || requestKindOf(body) !== 'routed') return answer
        isArmed = false
        for (let index = 0; index < 12; index++) await cluster.at(0).put(`other-${index}`, 'value')
        throw unavailable('the connection broke', { reason: 'lost' })
      }
      return transport
    },
  })
  await cluster.settled()
  await cluster.at(0).put('key', 'before')
  isArmed = true
  expect(await caller.codeOf(caller.put('key', 'after'))).toBe('outcome-unknown')
  expect(isArmed).toBe(false)
  expect(await caller.get('key')).toBe('after')
})
