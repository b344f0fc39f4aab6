import { afterEach, expect, test } from 'vitest'
import type { BlockView } from '../../../src/node/engine/block/block-service.ts'
import { draftOf } from '../../support/block-draft.ts'
import { call, noise, text } from '../../support/key-value-world.ts'
import type { ClusterOptions } from '../../support/signed-block-cluster.ts'
import { SignedBlockCluster } from '../../support/signed-block-cluster.ts'

let cluster: SignedBlockCluster
afterEach(() => cluster.stop())

const start = async (limits: ClusterOptions['limits'] = {}) => {
  cluster = await SignedBlockCluster.start({ members: 1, limits })
  const { host, blocks } = cluster.member(0)
  const insert = async (name: string, bytes: number) =>
    await blocks.insert(draftOf(await blocks.makeNamed(text(name)), { data: noise(bytes) }), call)
  return { host, blocks, insert }
}

test('blocks are in memory within their bounds, and those that are not are found all the same', async () => {
  for (const limits of [{ hostedBytesMax: 100_000 }, { hostedBlocksMax: 3 }]) {
    const { host, blocks, insert } = await start(limits)
    const views: BlockView[] = []
    for (let index = 0; index < 20; index++) views.push(await insert(`${index}`, 10_000))
    // An entry is kept beside the state that it led to.
    expect(host.size).toBe('hostedBytesMax' in limits ? 4 : 3)
    for (const view of views) expect(await blocks.fetch(view.address, { decrypt: false }, call)).toEqual(view)
    expect(await insert('large', 200_000)).toMatchObject({ version: 0n })
    expect(host.size).toBeLessThanOrEqual(3)
    await cluster.stop()
  }
})

test('a block that is in use stays in memory, and one that is worked on is loaded behind the work', async () => {
  const { host, insert } = await start({ hostedBlocksMax: 1 })
  const { address } = await insert('used', 10)
  await host.use(address, async (used) => {
    const other = await insert('other', 10)
    expect(host.peek(address)).toBe(used)
    await host.whileUnloaded(address, () => Promise.reject(new Error('it is in use')))
    const ended = Promise.withResolvers<void>()
    const working = host.whileUnloaded(other.address, () => ended.promise)
    expect(host.peek(other.address)).toBeUndefined()
    let isOpen = false
    const opened = Promise.resolve(host.open(other.address)).then(() => {
      isOpen = true
    })
    await new Promise((resolve) => setImmediate(resolve))
    expect(isOpen).toBe(false)
    ended.resolve()
    await Promise.all([working, opened])
    expect(host.peek(other.address)?.record).toMatchObject({ version: 0n })
  })
})
