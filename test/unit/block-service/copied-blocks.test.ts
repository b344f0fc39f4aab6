import { afterEach, describe, expect, test, vi } from 'vitest'
import type { Limits } from '../../../src/node/core/base/limits.ts'
import { encodeBlockRead } from '../../../src/node/core/wire/block-calls.ts'
import { encodeConfirmedIndex, encodeCopyQuestion } from '../../../src/node/core/wire/copy-calls.ts'
import type { BlockView } from '../../../src/node/engine/block/block-service.ts'
import type { ReadConsistency } from '../../../src/node/engine/call-context.ts'
import type { CopyCall } from '../../../src/node/engine/cluster/copy-reads.ts'
import { draftOf } from '../../support/block-draft.ts'
import { call, text } from '../../support/key-value-world.ts'
import type { ClusterMember } from '../../support/signed-block-cluster.ts'
import { SignedBlockCluster } from '../../support/signed-block-cluster.ts'

let cluster: SignedBlockCluster
/** Kinds of the calls that went to other members. */
let calls: string[]
const decrypted = { decrypt: true }
const eventual: ReadConsistency = { kind: 'eventual' }
const within = (boundMs: number): ReadConsistency => ({ kind: 'bounded', boundMs })

afterEach(() => cluster.stop())

/** A block of three members, which all of them have applied. */
async function held(limits: Partial<Limits> = {}): Promise<{ view: BlockView; leader: ClusterMember; follower: ClusterMember }> {
  cluster = await SignedBlockCluster.start({ limits })
  const { blocks } = cluster.member(0)
  const view = await blocks.insert(draftOf(await blocks.makeOwner(new Uint8Array(0)), { plain: text('0') }), call)
  await vi.waitFor(() => {
    for (const member of cluster.members) expect(member.recordOf(view.address)).toBeDefined()
  })
  calls = []
  cluster.asked = (_to, kind, ask) => {
    calls.push(kind)
    return ask()
  }
  const leader = cluster.leaderOf(view.address)
  const follower = cluster.members.find((member) => member !== leader)
  if (follower === undefined) throw new Error('members are needed')
  return { view, leader, follower }
}

/** Nothing is applied there before that is resolved. */
async function heldUp({ host }: ClusterMember, { address }: BlockView): Promise<PromiseWithResolvers<void>> {
  const applying = Promise.withResolvers<void>()
  const block = await host.open(address)
  const held = block.state.exclusively(() => applying.promise)
  held.catch(() => undefined)
  return applying
}

const plainAt = async ({ blocks }: ClusterMember, { address }: BlockView, consistency: ReadConsistency) =>
  (await blocks.fetch(address, decrypted, { ...call, consistency }))?.plain

describe('a copy', () => {
  test('is not read in a store that was found to be older than what it has said: another one is', async () => {
    const { view, follower } = await held()
    expect(await plainAt(follower, view, eventual)).toEqual(text('0'))
    expect(calls).toEqual([])
    follower.host.withdraw('older')
    expect(await plainAt(follower, view, eventual)).toEqual(text('0'))
    expect(calls).toEqual(['copy'])
  })

  test('is not read while it is being replaced', async () => {
    const { view, follower } = await held()
    const block = await follower.host.open(view.address)
    const installed = Promise.withResolvers<void>()
    const replaced = block.state.replaced(
      1000,
      async () => async () => undefined,
      () => installed.promise,
    )
    await vi.waitFor(() => expect(block.state.isInstalling).toBe(true))
    expect(await plainAt(follower, view, eventual)).toEqual(text('0'))
    expect(calls).toEqual(['copy'])
    installed.resolve()
    await replaced
    expect(await plainAt(follower, view, eventual)).toEqual(text('0'))
    expect(calls).toEqual(['copy'])
  })

  test('counts for nothing where it was replaced while it was read', async () => {
    const { view, follower } = await held()
    const asked: CopyCall<string> = {
      kind: 'block-read',
      local: async (block) => {
        await block.state.replaced(
          1000,
          async () => async () => undefined,
          async () => undefined,
        )
        return 'half and half'
      },
      body: () => encodeBlockRead(undefined),
      decode: () => 'of another one',
      now: async () => 'of the primary',
    }
    expect(await follower.copies.reads.read(view.address, eventual, asked, call.signal)).toMatchObject({
      answer: 'of another one',
    })
  })

  test('is made no younger by what is applied while it is read', async () => {
    const { view, leader, follower } = await held({ copyReachMs: 5 })
    await plainAt(follower, view, within(5000))
    const firstMs = performance.now()
    const applying = await heldUp(follower, view)
    await leader.blocks.update(draftOf(view, { plain: text('1') }), decrypted, call)
    await new Promise((resolve) => setTimeout(resolve, 100))
    // It knows now up to where the block is, and is not there.
    await plainAt(follower, view, within(0))
    const startMs = performance.now()
    const asked: CopyCall<string> = {
      kind: 'block-read',
      local: async (block) => {
        const before = String(block.record?.committedIndex)
        applying.resolve()
        await vi.waitFor(() => expect(String(block.record?.committedIndex)).not.toBe(before))
        return before
      },
      body: () => encodeBlockRead(undefined),
      decode: () => undefined,
      now: () => Promise.reject(new Error('the copy is there')),
    }
    const read = await follower.copies.reads.read(view.address, eventual, asked, call.signal)
    expect(read.ageMs).toBeGreaterThanOrEqual(Math.floor(startMs - firstMs))
    const after = await follower.blocks.stat(view.address, { ...call, consistency: eventual })
    expect(after?.ageMs).toBeLessThan(read.ageMs ?? 0)
  })

  test('is given to nodes that may read, and to no others', async () => {
    const { view, leader } = await held()
    const block = await leader.host.open(view.address)
    const body = encodeCopyQuestion({ kind: 'block-read', boundMs: undefined, mayAsk: false, body: encodeBlockRead(undefined) })
    const rights = { read: false, write: true, store: true, invite: true, administer: true }
    const peer = { ...leader.self, bootCount: 1, rights }
    const { reads, evidence } = leader.copies
    await expect(reads.serve(block, body, peer, call.signal)).rejects.toMatchObject({ code: 'permission-denied' })
    await expect(evidence.serve(block, body, peer, call.signal)).rejects.toMatchObject({ code: 'permission-denied' })
    await expect(
      reads.serve(block, Uint8Array.of(1), { ...peer, rights: { ...rights, read: true } }, call.signal),
    ).rejects.toMatchObject({ code: 'invalid-argument' })
  })
})

describe('what the primary confirms', () => {
  test('is dated when it was asked for, however late the answer is', async () => {
    const { view, follower } = await held()
    cluster.asked = async (_to, kind, ask) => {
      calls.push(kind)
      const answer = await ask()
      if (kind === 'confirmed-index') await new Promise((resolve) => setTimeout(resolve, 80))
      return answer
    }
    expect(await plainAt(follower, view, within(5000))).toEqual(text('0'))
    expect(calls).toEqual(['confirmed-index'])
    expect(await plainAt(follower, view, within(70))).toEqual(text('0'))
    expect(calls).toEqual(['confirmed-index', 'confirmed-index'])
  })

  test('counts for the holders that it names alone', async () => {
    const { view, leader, follower } = await held()
    cluster.asked = async (_to, kind, ask) => {
      calls.push(kind)
      if (kind !== 'confirmed-index') return await ask()
      return encodeConfirmedIndex({ index: 0, holders: [leader.self] })
    }
    expect(await plainAt(follower, view, within(5000))).toEqual(text('0'))
    expect(calls).toEqual(['confirmed-index', 'block-read'])
  })

  test('is waited for by a copy that has not applied it', async () => {
    const { view, leader, follower } = await held({ copyReachMs: 60_000 })
    const applying = await heldUp(follower, view)
    await leader.blocks.update(draftOf(view, { plain: text('1') }), decrypted, call)
    calls = []
    const read = plainAt(follower, view, within(0))
    await vi.waitFor(() => expect(calls).toEqual(['confirmed-index']))
    expect(await plainAt(follower, view, eventual)).toEqual(text('0'))
    applying.resolve()
    expect(await read).toEqual(text('1'))
    expect(calls).toEqual(['confirmed-index'])
  })

  test('is not waited for long: the primary has the state', async () => {
    const { view, leader, follower } = await held({ copyReachMs: 5 })
    const applying = await heldUp(follower, view)
    await leader.blocks.update(draftOf(view, { plain: text('1') }), decrypted, call)
    calls = []
    expect(await plainAt(follower, view, within(0))).toEqual(text('1'))
    expect(calls).toEqual(['confirmed-index', 'block-read'])
    applying.resolve()
  })

  test('lets nobody wait who has left', async () => {
    const { view, follower } = await held()
    cluster.asked = () => new Promise<never>(() => undefined)
    const controller = new AbortController()
    const context = { signal: controller.signal, consistency: within(100) }
    const one = follower.blocks.fetch(view.address, decrypted, context)
    controller.abort(new Error('enough'))
    await expect(one).rejects.toThrow('enough')
  })
})
