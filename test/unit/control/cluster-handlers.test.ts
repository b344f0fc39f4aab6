import { call } from '@orpc/server'
import { describe, expect, test } from 'vitest'
import { wireLimits } from '../../../src/ipc/contract/wire-limits.ts'
import type { ClusterParts } from '../../../src/node/api/control/cluster-handlers.ts'
import { clusterHandlers, clusterSummary } from '../../../src/node/api/control/cluster-handlers.ts'
import type { InviteOptions, LeaveProgress } from '../../../src/node/engine/cluster/cluster-service.ts'
import { CodedError } from '../../../src/shared/coded-error.ts'
import { clusterNodeOf, clusterOf } from '../../support/cluster-facts.ts'
import { ManualClock } from '../../support/key-value-world.ts'
import { controlContext, failureOfCall } from './handler-bed.ts'

const context = controlContext(new ManualClock())

type Service = ClusterParts['cluster']

/** A cluster of which nothing is asked but what the test says. */
function handlersOf(service: Partial<Service>) {
  const unexpected = (): never => {
    throw new Error('nobody asks for this here')
  }
  const others = { invite: unexpected, drain: unexpected, leave: unexpected, evict: unexpected }
  return clusterHandlers({ cluster: { status: () => clusterOf(), ...others, ...service } })
}

describe('what screens are told of the network', () => {
  test('this node comes first, and what was not heard is null', async () => {
    const nodes = [
      clusterNodeOf(1),
      clusterNodeOf(2, { isSelf: true }),
      clusterNodeOf(3, { state: 'unknown', freeBytes: undefined }),
    ]
    const { status } = handlersOf({ status: () => clusterOf({ nodes }) })
    const answer = await call(status, undefined, { context })
    expect(answer).toMatchObject({ networkName: 'office', more: 0, copiesPending: null, listening: ['192.0.2.1:7072'] })
    expect(answer.nodes.map(({ nodeId, isSelf }) => [nodeId.slice(0, 2), isSelf])).toEqual([
      ['02', true],
      ['01', false],
      ['03', false],
    ])
    expect(answer.nodes[2]).toMatchObject({ state: 'unknown', freeBytes: null, capacityBytes: 1000, isDraining: false })
    expect(answer).toMatchObject({ storingNodes: 3, replication: 3 })
  })

  test('a node that drains takes no blocks, and one that left is counted out', async () => {
    const nodes = [
      clusterNodeOf(1, { isSelf: true }),
      clusterNodeOf(2, { weight: 0, isDraining: true, drainLeft: 12 }),
      clusterNodeOf(3, { state: 'left' }),
    ]
    const answer = await call(handlersOf({ status: () => clusterOf({ nodes }) }).status, undefined, { context })
    expect(answer.storingNodes).toBe(1)
    expect(answer.nodes.map(({ isDraining, drainLeft }) => [isDraining, drainLeft])).toEqual([
      [false, null],
      [true, 12],
      [false, null],
    ])
  })

  test('of too many nodes those that are away stay in the list', async () => {
    const many = Array.from({ length: wireLimits.clusterNodesMax + 20 }, (_, at) => clusterNodeOf(at % 256))
    const nodes = [...many, clusterNodeOf(7, { state: 'dead' }), clusterNodeOf(8, { isSelf: true })]
    const { status } = handlersOf({ status: () => clusterOf({ nodes }) })
    const answer = await call(status, undefined, { context })
    expect([answer.nodes.length, answer.more]).toEqual([wireLimits.clusterNodesMax, 22])
    expect(answer.nodes[0]?.isSelf).toBe(true)
    expect(answer.nodes.filter(({ state }) => state === 'dead')).toHaveLength(1)
  })

  test('a status counts them by state', () => {
    const nodes = [
      clusterNodeOf(1),
      clusterNodeOf(2, { state: 'suspect' }),
      clusterNodeOf(3, { state: 'left' }),
      clusterNodeOf(4),
    ]
    expect(clusterSummary(clusterOf({ nodes }))).toEqual({
      nodes: { alive: 2, suspect: 1, dead: 0, left: 1, unknown: 0 },
      quorum: { members: 3, alive: 2, needed: 2 },
      replication: 3,
      recovery: null,
      leftBehind: null,
      withdrawn: false,
      removal: null,
    })
  })

  test('and tells of a forced recovery, and of one without this node', () => {
    const facts = {
      number: 2,
      recoveredMs: 5000,
      survivor: new Uint8Array(32).fill(1),
      administrator: new Uint8Array(32).fill(2),
    }
    const recovery = { ...facts, takenOut: [new Uint8Array(32).fill(3), new Uint8Array(32).fill(4)], blocksLeft: 7 }
    const shown = { number: 2, atMs: 5000, survivor: '01'.repeat(32) }
    expect(clusterSummary(clusterOf({ recovery }))).toMatchObject({ recovery: { ...shown, takenOut: 2, blocksLeft: 7 } })
    expect(clusterSummary(clusterOf({ leftBehind: facts, withdrawn: true }))).toMatchObject({
      ...{ recovery: null, leftBehind: shown, withdrawn: true },
    })
    for (const how of ['left', 'evicted'] as const) {
      expect(clusterSummary(clusterOf({ removal: { how, epoch: 5 }, withdrawn: true }))).toMatchObject({ removal: how })
    }
  })
})

describe('an invite by a screen', () => {
  const asked: InviteOptions[] = []
  const invite = async (options: InviteOptions) => {
    asked.push(options)
    return { link: 'memo://join/x', expiresMs: 5 }
  }
  const handlers = handlersOf({ invite })

  test('is passed on, within its bounds', async () => {
    expect(await call(handlers.invite, { uses: 3, validityMs: 60_000 }, { context })).toEqual({
      link: 'memo://join/x',
      expiresMs: 5,
    })
    for (const beyond of [
      { uses: 0, validityMs: 60_000 },
      { uses: 1025, validityMs: 60_000 },
      { uses: 1, validityMs: 59_999 },
    ]) {
      await expect(call(handlers.invite, beyond, { context })).rejects.toThrow()
    }
    expect(asked).toEqual([{ uses: 3, validityMs: 60_000 }])
  })

  test('is a change: read-only screens make none', async () => {
    const failure = await failureOfCall(
      call(
        handlers.invite,
        { uses: 1, validityMs: 60_000 },
        { context: controlContext(new ManualClock(), { isReadOnly: () => true }) },
      ),
    )
    expect(failure.code).toBe('permission-denied')
    expect(asked).toHaveLength(1)
  })

  test('fails as declared where the network cannot decide', async () => {
    const away = async () => {
      throw new CodedError('unavailable', 'no majority is reached')
    }
    const { invite: refused } = handlersOf({ invite: away })
    const failure = await failureOfCall(call(refused, { uses: 1, validityMs: 60_000 }, { context }))
    expect(failure).toMatchObject({ code: 'unavailable', retryable: true })
  })
})

describe('a machine that a screen takes out', () => {
  const nodeId = 'ab'.repeat(32)
  const readOnly = controlContext(new ManualClock(), { isReadOnly: () => true })

  test('is drained and evicted by its id', async () => {
    const asked: unknown[] = []
    const changed = { epoch: 5, storingNodes: 2, replication: 3 }
    const note = async (id: Uint8Array, options: object) => {
      asked.push([Buffer.from(id).toString('hex'), options])
      return changed
    }
    const { drain, evict } = handlersOf({ drain: note, evict: note })
    expect(await call(drain, { nodeId, undo: false }, { context })).toEqual(changed)
    expect(await call(drain, { nodeId, undo: true }, { context })).toEqual(changed)
    expect(await call(evict, { nodeId, force: true }, { context })).toEqual(changed)
    expect(asked).toEqual([
      [nodeId, { undo: false }],
      [nodeId, { undo: true }],
      [nodeId, { force: true }],
    ])
    for (const wrong of ['', 'ab', `${nodeId}00`, 'zz'.repeat(32)]) {
      await expect(call(drain, { nodeId: wrong, undo: false }, { context })).rejects.toThrow()
      await expect(call(evict, { nodeId: wrong, force: false }, { context })).rejects.toThrow()
    }
    expect(asked).toHaveLength(3)
  })

  test('says how far it is while it leaves, and why it cannot', async () => {
    async function* leave(): AsyncGenerator<LeaveProgress> {
      yield { phase: 'draining', groupsPending: 3, copiesPending: undefined, openEpochs: 2 }
      throw new CodedError('contended', 'somebody has undone the draining')
    }
    const progress: unknown[] = []
    const follow = async () => {
      for await (const step of await call(handlersOf({ leave }).leave, undefined, { context })) progress.push(step)
    }
    expect(await failureOfCall(follow())).toMatchObject({ code: 'contended' })
    expect(progress).toEqual([{ phase: 'draining', groupsPending: 3, copiesPending: null, openEpochs: 2 }])
  })

  test('stays where the screens are read-only', async () => {
    const { drain, evict, leave } = handlersOf({})
    for (const refused of [
      call(drain, { nodeId, undo: false }, { context: readOnly }),
      call(evict, { nodeId, force: true }, { context: readOnly }),
      call(leave, undefined, { context: readOnly }),
    ]) {
      expect((await failureOfCall(refused)).code).toBe('permission-denied')
    }
  })
})
