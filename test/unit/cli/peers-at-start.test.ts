import { expect, test } from 'vitest'
import { PeersAtStart } from '../../../src/node/cli/run/peers-at-start.ts'
import type { HelloDesk, PeerHandler, Transport } from '../../../src/node/ports/transport.ts'
import { ManualClock } from '../../support/key-value-world.ts'

const node = new Uint8Array(32).fill(1)
const other = new Uint8Array(32).fill(2)

/** What the transport below is told last of each node. */
function bed(peers: readonly string[]) {
  const told = new Map<number | undefined, readonly string[]>()
  const inner = {
    start: async () => undefined,
    stop: async () => undefined,
    learn: (nodeId: Uint8Array, endpoints: readonly string[]) => void told.set(nodeId[0], endpoints),
  } as unknown as Transport
  const clock = new ManualClock()
  const transport = new PeersAtStart(inner, { peers, clock, limits: { peerEndpointsMax: 4 } })
  const start = () => transport.start({} as HelloDesk, {} as PeerHandler)
  return { transport, told, clock, start }
}

test('for a minute every node is tried where it was, then at what was given; later only where it says that it is', async () => {
  const { transport, told, clock, start } = bed(['b:2', 'c:3'])
  transport.learn(node, ['a:1'])
  await start()
  transport.learn(other, ['b:2'])
  expect([told.get(1), told.get(2)]).toEqual([
    ['a:1', 'b:2', 'c:3'],
    ['b:2', 'c:3'],
  ])
  clock.advance(60_000)
  expect([told.get(1), told.get(2)]).toEqual([['a:1'], ['b:2']])
  transport.learn(node, ['d:4'])
  expect(told.get(1)).toEqual(['d:4'])
})

test('what was given has a place beside many endpoints, and a node that is dialled no more stays so', async () => {
  const { transport, told, clock, start } = bed(['x:9'])
  await start()
  transport.learn(node, ['a:1', 'b:2', 'c:3', 'd:4', 'e:5'])
  expect(told.get(1)).toEqual(['a:1', 'b:2', 'c:3', 'x:9'])
  transport.learn(node, [])
  expect(told.get(1)).toEqual([])
  clock.advance(60_000)
  expect(told.get(1)).toEqual([])
})
