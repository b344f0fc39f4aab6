import { afterEach, describe, expect, test, vi } from 'vitest'
import type { RequestId } from '../../../src/node/core/base/request-id.ts'
import type { BlockView } from '../../../src/node/engine/block/block-service.ts'
import { CodedError } from '../../../src/shared/coded-error.ts'
import { draftOf } from '../../support/block-draft.ts'
import { call, text } from '../../support/key-value-world.ts'
import type { ClusterMember, ClusterOptions } from '../../support/signed-block-cluster.ts'
import { SignedBlockCluster } from '../../support/signed-block-cluster.ts'

let cluster: SignedBlockCluster
const decrypted = { decrypt: true }
const none = new Uint8Array(0)
const session = new Uint8Array(16).fill(7)
let issued = 0n

afterEach(() => cluster.stop())

const start = async (options: ClusterOptions = {}) => {
  cluster = await SignedBlockCluster.start(options)
  return [cluster.member(0), cluster.member(1), cluster.member(2)] as const
}
const nextId = (member: ClusterMember): RequestId => ({ session, sequence: ++issued, issued: member.parts.clock.next() })
const insert = async ({ blocks }: ClusterMember, plain: string) =>
  await blocks.insert(draftOf(await blocks.makeOwner(none), { plain: text(plain) }), call)
const update = ({ blocks }: ClusterMember, view: BlockView, plain: string, requestId?: RequestId) =>
  blocks.update(draftOf(view, { plain: text(plain) }), decrypted, requestId === undefined ? call : { ...call, requestId })
const plainAt = async ({ blocks }: ClusterMember, { address }: BlockView) => (await blocks.fetch(address, decrypted, call))?.plain
/** Members apply what is decided a little later than the primary answers. */
const settled = (check: () => void) => vi.waitFor(check)
const others = (leader: ClusterMember) => cluster.members.filter((member) => member !== leader)

/** A member that does not lead the block, and the one that does. */
function rolesOf(view: BlockView) {
  const leader = cluster.leaderOf(view.address)
  const [follower, other] = others(leader)
  if (follower === undefined || other === undefined) throw new Error('three members are needed')
  return { leader, follower, other }
}

describe('a signed block of several members', () => {
  test('is written and read at each of them, and kept by all', async () => {
    const [first] = await start()
    let view = await insert(first, '0')
    for (const [index, member] of cluster.members.entries()) {
      const result = await update(member, view, `${index + 1}`)
      if (result.kind !== 'updated') throw new Error(result.kind)
      view = result.block
      for (const reader of cluster.members) expect(await plainAt(reader, view)).toEqual(text(`${index + 1}`))
    }
    expect(await cluster.member(2).blocks.stat(view.address, call)).toMatchObject({ version: 3n, plainBytes: 1 })
    const { leader, follower } = rolesOf(view)
    const expected = { version: 3n, outcomeCount: 4, committedIndex: 3n }
    await settled(() => {
      for (const member of cluster.members) expect(member.recordOf(view.address)).toMatchObject(expected)
    })
    await follower.blocks.remove(view.address, call)
    expect(await leader.blocks.fetch(view.address, decrypted, call)).toBeUndefined()
    await settled(() => {
      for (const member of cluster.members) {
        expect(member.recordOf(view.address)).toMatchObject({ state: { kind: 'removed' }, outcomeCount: 5 })
        expect(member.parts.store.usage().families).toMatchObject({ outcome: { records: 5 }, accepted: { records: 0 } })
      }
    })
    const again = await follower.blocks.insert(draftOf(view, { plain: text('again') }), call)
    expect(again).toMatchObject({ version: 0n })
    expect(again.generation).toBeGreaterThan(view.generation)
  })

  test('answers an outdated update at another member with the current version, and an id that met a conflict for ever', async () => {
    const [first] = await start()
    const view = await insert(first, '0')
    const { leader, follower, other } = rolesOf(view)
    await update(leader, view, '1')
    const requestId = nextId(follower)
    for (const member of [follower, other, leader]) {
      const conflict = await update(member, view, 'mine', requestId)
      expect(conflict).toMatchObject({ kind: 'conflict', current: { version: 1n, plain: text('1') } })
    }
    await expect(follower.blocks.insert(draftOf(view, { plain: text('0') }), call)).rejects.toMatchObject({
      code: 'block-already-exists',
    })
    await settled(() => expect(other.recordOf(view.address)).toMatchObject({ version: 1n, outcomeCount: 3 }))
  })

  test('applies a request id once, at whichever member it arrives, and refuses it for something else', async () => {
    const [first] = await start()
    const view = await insert(first, '0')
    const requestId = nextId(first)
    for (const member of cluster.members) {
      expect(await update(member, view, '1', requestId)).toMatchObject({ kind: 'updated', block: { version: 1n } })
    }
    const refusal = { code: 'invalid-argument', message: expect.stringContaining('used for another request') }
    for (const member of cluster.members) {
      await expect(update(member, view, '11', requestId)).rejects.toMatchObject(refusal)
      await expect(member.blocks.remove(view.address, { ...call, requestId })).rejects.toMatchObject(refusal)
    }
    expect(cluster.leaderOf(view.address).recordOf(view.address)).toMatchObject({ version: 1n, outcomeCount: 2 })
  })

  test('sends a change again whose answer was lost, and it is done once', async () => {
    const [first] = await start()
    const view = await insert(first, '0')
    const { follower } = rolesOf(view)
    let lost = 0
    cluster.asked = async (_, kind, ask) => {
      const answer = await ask()
      if (kind === 'block-change' && lost++ === 0) throw new CodedError('outcome-unknown', 'the answer was lost')
      return answer
    }
    expect(await update(follower, view, '1')).toMatchObject({ kind: 'updated', block: { version: 1n } })
    expect(lost).toBeGreaterThan(0)
    expect(await plainAt(follower, view)).toEqual(text('1'))
    const expected = { version: 1n, outcomeCount: 2, committedIndex: 1n }
    await settled(() => expect(cluster.leaderOf(view.address).recordOf(view.address)).toMatchObject(expected))
  })

  test('carries on under another ballot what its primary has lost', async () => {
    const [first] = await start()
    const view = await insert(first, '0')
    const { leader, follower, other } = rolesOf(view)
    // Its entry leaves, and it hears of nobody who has it until another ballot was prepared.
    cluster.passes = (_, to, { kind }) => to !== leader || kind !== 'accepted'
    const change = update(leader, view, '1')
    await settled(() => expect(follower.parts.store.usage().families.accepted.records).toBe(1))
    const block = await other.host.open(view.address)
    // The one before may be ahead again at once; it has lost its entry all the same.
    await block.lead(call.signal).catch(() => undefined)
    cluster.passes = () => true
    expect(await change).toMatchObject({ kind: 'updated', block: { version: 1n } })
    for (const member of cluster.members) expect(await plainAt(member, view)).toEqual(text('1'))
    await settled(() => {
      const expected = { version: 1n, outcomeCount: 2, committedIndex: 1n }
      for (const { recordOf } of cluster.members) expect(recordOf(view.address)).toMatchObject(expected)
    })
  })

  test('is born once where two members give birth to it', async () => {
    const [first, second] = await start()
    const draft = draftOf(await first.blocks.makeNamed(text('name')), { data: text('0') })
    const both = await Promise.allSettled([first.blocks.insert(draft, call), second.blocks.insert(draft, call)])
    expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    expect(both.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'block-already-exists' } })
  })

  test('is removed as it is, though others change it meanwhile', async () => {
    const [first] = await start()
    const view = await insert(first, '0')
    const { leader, follower } = rolesOf(view)
    let changes = 0
    cluster.asked = async (_, kind, ask) => {
      if (kind === 'block-change' && changes++ === 0) await update(leader, view, '1')
      return await ask()
    }
    await follower.blocks.remove(view.address, { ...call, requestId: nextId(follower) })
    expect(changes).toBe(2)
    expect(leader.recordOf(view.address)).toMatchObject({ version: 1n, state: { kind: 'removed' } })
  })

  test('is not removed while others never rest, and a spent id is told so', async () => {
    const [first] = await start({ limits: { removalAttemptsMax: 2 } })
    let view = await insert(first, '0')
    const { leader, follower } = rolesOf(view)
    cluster.asked = async (_, kind, ask) => {
      if (kind === 'block-change') {
        const result = await update(leader, view, `${view.version + 1n}`)
        if (result.kind === 'updated') view = result.block
      }
      return await ask()
    }
    await expect(follower.blocks.remove(view.address, call)).rejects.toMatchObject({ code: 'contended' })
    expect(view.version).toBe(2n)
    expect(leader.recordOf(view.address)).toMatchObject({ version: 2n, state: { kind: 'signed' } })
  })

  test('refuses an id that is too old, and forgets what each of them keeps too much of', async () => {
    const [first] = await start({ limits: { outcomesMax: 3 } })
    let view = await insert(first, '0')
    const { follower } = rolesOf(view)
    const early = nextId(follower)
    for (let version = 1; version <= 5; version++) {
      const result = await update(follower, view, `${version}`, nextId(follower))
      if (result.kind === 'updated') view = result.block
    }
    await expect(update(follower, view, 'late', early)).rejects.toMatchObject({ code: 'request-too-old' })
    await settled(() => {
      for (const member of cluster.members) {
        expect(member.recordOf(view.address)).toMatchObject({ version: 5n, outcomeCount: 3 })
        expect(member.parts.store.usage().families.outcome.records).toBe(3)
      }
    })
  })

  test('is neither written nor found absent by a minority', async () => {
    const [first] = await start()
    const view = await insert(first, '0')
    const { leader, follower } = rolesOf(view)
    const made = await follower.blocks.makeOwner(none)
    cluster.passes = () => false
    cluster.asked = () => Promise.reject(new CodedError('unavailable', 'not reached'))
    await expect(follower.blocks.fetch(made.address, decrypted, call)).rejects.toMatchObject({ code: 'unavailable' })
    await expect(leader.blocks.fetch(view.address, decrypted, call)).rejects.toMatchObject({ code: 'unavailable' })
    cluster.passes = () => true
    expect(await plainAt(leader, view)).toEqual(text('0'))
  })
})
