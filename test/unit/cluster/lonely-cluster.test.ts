import { expect, test } from 'vitest'
import type { BlockAddress } from '../../../src/node/core/base/address.ts'
import { NodeWorld } from '../../support/node-world.ts'

const context = { signal: new AbortController().signal }

test('a node that reaches no other is its whole network, and decides alone', async () => {
  const world = await NodeWorld.start()
  const { identity } = world.node.status()
  const status = world.node.cluster.status()
  expect(status).toMatchObject({
    networkName: 'test',
    networkId: identity.networkId,
    quorum: { members: 1, alive: 1, needed: 1 },
    groupsPending: 0,
    copiesPending: 0,
    listening: [],
  })
  expect(status.nodes).toMatchObject([{ nodeId: identity.nodeId, storeId: identity.storeId, isSelf: true, state: 'alive' }])
  expect(status.nodes[0]?.freeBytes).toBeLessThanOrEqual(status.nodes[0]?.capacityBytes ?? 0)
  await world.node.stop()
})

test('it invites nobody, and says how it would', async () => {
  const world = await NodeWorld.start()
  const { cluster } = world.node
  const asked = { uses: 1, validityMs: 60_000 }
  await expect(cluster.invite(asked, context)).rejects.toMatchObject({ code: 'unavailable', message: /--listen HOST:PORT/ })
  await expect(cluster.invite({ ...asked, uses: 0 }, context)).rejects.toMatchObject({ code: 'invalid-argument' })
  await expect(cluster.invite({ ...asked, validityMs: 1.5 }, context)).rejects.toMatchObject({ code: 'invalid-argument' })
  await world.node.stop()
})

test('what it holds has one replica, and what is not there has none', async () => {
  const world = await NodeWorld.start()
  const { cluster, blocks } = world.node
  const made = await blocks.makeContent(new TextEncoder().encode('text'), new Uint8Array(0))
  const { address } = await blocks.insert(made, context)
  const { nodeId } = world.node.status().identity
  expect(await cluster.replicas(address as BlockAddress, context)).toMatchObject([{ nodeId, role: 'member', state: 'alive' }])
  expect(await cluster.replicas(new Uint8Array(32) as BlockAddress, context)).toBeUndefined()
  await world.node.stop()
})
