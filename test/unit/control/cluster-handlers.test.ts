import { call } from '@orpc/server'
import { describe, expect, test } from 'vitest'
import { wireLimits } from '../../../src/ipc/contract/wire-limits.ts'
import { clusterHandlers, clusterSummary } from '../../../src/node/api/control/cluster-handlers.ts'
import type { InviteOptions } from '../../../src/node/engine/cluster/cluster-service.ts'
import { CodedError } from '../../../src/shared/coded-error.ts'
import { clusterNodeOf, clusterOf } from '../../support/cluster-facts.ts'
import { ManualClock } from '../../support/key-value-world.ts'
import { controlContext, failureOfCall } from './handler-bed.ts'

const context = controlContext(new ManualClock())
const unexpected = () => Promise.reject(new Error('nobody is invited here'))

describe('what screens are told of the network', () => {
  test('this node comes first, and what was not heard is null', async () => {
    const nodes = [
      clusterNodeOf(1),
      clusterNodeOf(2, { isSelf: true }),
      clusterNodeOf(3, { state: 'unknown', freeBytes: undefined }),
    ]
    const { status } = clusterHandlers({ cluster: { status: () => clusterOf({ nodes }), invite: unexpected } })
    const answer = await call(status, undefined, { context })
    expect(answer).toMatchObject({ networkName: 'office', more: 0, copiesPending: null, listening: ['192.0.2.1:7072'] })
    expect(answer.nodes.map(({ nodeId, isSelf }) => [nodeId.slice(0, 2), isSelf])).toEqual([
      ['02', true],
      ['01', false],
      ['03', false],
    ])
    expect(answer.nodes[2]).toMatchObject({ state: 'unknown', freeBytes: null, capacityBytes: 1000 })
  })

  test('of too many nodes those that are away stay in the list', async () => {
    const many = Array.from({ length: wireLimits.clusterNodesMax + 20 }, (_, at) => clusterNodeOf(at % 256))
    const nodes = [...many, clusterNodeOf(7, { state: 'dead' }), clusterNodeOf(8, { isSelf: true })]
    const { status } = clusterHandlers({ cluster: { status: () => clusterOf({ nodes }), invite: unexpected } })
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
  const handlers = clusterHandlers({ cluster: { status: () => clusterOf(), invite } })

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
    const { invite: refused } = clusterHandlers({ cluster: { status: () => clusterOf(), invite: away } })
    const failure = await failureOfCall(call(refused, { uses: 1, validityMs: 60_000 }, { context }))
    expect(failure).toMatchObject({ code: 'unavailable', retryable: true })
  })
})
