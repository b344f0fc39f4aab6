import { describe, expect, it } from 'vitest'
import type { NodeRun } from '../../../../src/ipc/contract/host-contract.ts'
import { DemoCluster } from '../../../../src/renderer/demo/demo-cluster.ts'
import { healthSentence } from '../../../../src/renderer/features/overview/health-sentence.ts'
import { createTexts } from '../../../../src/renderer/text/i18n.ts'
import { statusWith } from './overview-facts.ts'

const t = createTexts().getFixedT('en', 'overview')

function sentence(change: Parameters<typeof statusWith>[0] = {}, live = true, run?: NodeRun) {
  return healthSentence({ status: statusWith(change), live, run }, t)
}

function network(lost = 0) {
  const cluster = new DemoCluster()
  cluster.lose(lost)
  return cluster.summary()
}

function runIn(state: NodeRun['state']): NodeRun {
  return { state, epoch: 1, safeMode: false, phases: [], logTail: [] }
}

describe('healthSentence', () => {
  it('tells a healthy node that it hosts alone', () => {
    expect(sentence({ blocks: 1284 })).toEqual({
      tone: 'ok',
      title: 'Healthy. All 1,284 blocks are sound.',
      text: 'You are hosting alone. Data is on this machine only.',
    })
    expect(sentence({ blocks: 1 }).title).toBe('Healthy. The one block is sound.')
    expect(sentence({ keys: 0, blocks: 2 }).title).toBe('Healthy. Nothing is stored yet.')
    expect(sentence({ keys: 0, blocks: 500 }).title).toBe('Healthy. All 500 blocks are sound.')
  })

  it('names the other machines where there are some', () => {
    expect(sentence({ blocks: 5, cluster: network() })).toMatchObject({
      tone: 'ok',
      title: 'Healthy. 5 blocks, and all 3 nodes answer.',
    })
  })

  it('tells how many nodes are away, and whether another one may be', () => {
    const lost = sentence({ cluster: network(1) })
    expect(lost).toMatchObject({ tone: 'warn', title: 'Degraded. One of 3 nodes does not answer.' })
    expect(lost.text).toContain('if one more fails, changes wait')
    const { quorum, ...rest } = network(1)
    const spare = sentence({ cluster: { ...rest, quorum: { ...quorum, members: 5, alive: 4, needed: 3 } } })
    expect(spare.text).not.toContain('if one more fails')
    // A node that left is missed by nobody.
    expect(sentence({ cluster: { ...rest, nodes: { ...network().nodes, left: 2 }, quorum } }).tone).toBe('ok')
  })

  it('puts a lost quorum before lack of room, and damage before both', () => {
    const cluster = network(2)
    const storage = { full: true }
    expect(sentence({ cluster, storage })).toEqual({
      tone: 'danger',
      title: 'No quorum. Nodes that answer: 1 of 3.',
      text: 'Changes wait until 2 members of the network answer; what has a copy here can be read.',
    })
    expect(sentence({ cluster, storage, findings: ['a'] }).title).toMatch(/^Damaged\./)
    expect(sentence({ cluster: network(1), storage }).title).toMatch(/^Full\./)
  })

  it('says of a node that the network went on without, before it misses others, that it takes no part any more', () => {
    const leftBehind = { number: 1, atMs: 0, survivor: 'aa'.repeat(32) }
    expect(sentence({ cluster: { ...network(2), leftBehind } })).toEqual({
      tone: 'danger',
      title: 'The network went on without this node.',
      text: 'This node takes no part any more. What it holds stays as it is.',
    })
    const copied = sentence({ cluster: { ...network(2), withdrawn: true }, readOnly: true })
    expect(copied).toMatchObject({ tone: 'danger', title: 'This folder was restored or copied.', action: 'log' })
    const removed = (removal: 'left' | 'evicted') => sentence({ cluster: { ...network(2), withdrawn: true, removal } })
    expect(removed('left')).toMatchObject({ tone: 'warn', title: 'This node has left the network.' })
    expect(removed('evicted')).toMatchObject({ tone: 'danger', title: 'This node was evicted from the network.' })
  })

  it('puts damage before lack of room, and lack of room before read-only', () => {
    const full = { full: true }
    const damaged = sentence({ condition: 'suspect', findings: ['segment 3 is missing'], readOnly: true, storage: full })
    expect(damaged).toMatchObject({ tone: 'danger', action: 'log' })
    expect(damaged.title).toMatch(/^Suspect\./)
    expect(damaged.text).toContain('Segment 3 is missing.')
    expect(sentence({ readOnly: true, storage: full }).title).toMatch(/^Full\./)
    expect(sentence({ readOnly: true })).toMatchObject({ tone: 'warn', title: 'Read-only. These screens change nothing.' })
  })

  it('tells of damage that a sound store found in itself', () => {
    const found = sentence({ findings: ['journal: segment 3 does not verify from 4096 to 8192'] })
    expect(found).toMatchObject({ tone: 'danger', action: 'log', title: 'Damaged. One place of the store does not verify.' })
    expect(found.text).toContain('segment 3')
    const index = 'the index is damaged: puts are refused, removals are taken for a while: restart the node'
    expect(sentence({ findings: [index, 'b'] }).text).toBe(
      'The index is damaged: puts are refused, removals are taken for a while: restart the node. What verifies can be read. ' +
        '“memo doctor” says what is hit, and may be run while the node runs.',
    )
    expect(sentence({ findings: ['index/000012.ldb: a block is damaged'] }).text).toMatch(/^index\/000012\.ldb: /)
    expect(sentence({ findings: ['a', 'b'] }).title).toBe('Damaged. 2 places of the store do not verify.')
  })

  it('warns below a tenth and alarms below a fiftieth of the limit', () => {
    const limitBytes = 1_000_000_000
    const at = (liveBytes: number) => sentence({ storage: { limitBytes, liveBytes, daysToFull: null } })
    expect(at(890_000_000).tone).toBe('ok')
    expect(at(910_000_000)).toMatchObject({ tone: 'warn', title: 'Nearly full. 90 MB of 1 GB are left.' })
    expect(at(985_000_000)).toMatchObject({ tone: 'danger', title: 'Nearly full. 15 MB of 1 GB are left.' })
  })

  it('says when it will be full, where that is known', () => {
    const storage = { limitBytes: 1_000_000_000, liveBytes: 950_000_000, daysToFull: 2.4 }
    expect(sentence({ storage }).text).toBe('At the pace of the last day it is full in 3 days.')
  })

  it('tells a full limit from a full disk', () => {
    expect(sentence({ storage: { full: true, limitBytes: 1_000_000, liveBytes: 1_000_000 } }).text).toContain('higher limit')
    expect(sentence({ storage: { full: true, limitBytes: null, diskFreeBytes: 50_000 } }).text).toContain('disk has 50 kB left')
  })

  it('offers what the program around the screens can do, and nothing else', () => {
    expect(sentence({}, false, runIn('stopped'))).toMatchObject({ title: expect.stringMatching(/^Stopped\./), action: 'start' })
    expect(sentence({}, false, runIn('crashed'))).toMatchObject({ tone: 'danger', action: 'restart' })
    expect(sentence({ state: 'stopped' })).not.toHaveProperty('action')
    expect(sentence({ safeMode: true })).toMatchObject({ tone: 'warn', action: 'log' })
    expect(sentence({ safeMode: true }, true, runIn('running'))).toMatchObject({ action: 'restart' })
  })

  it('does not call a node healthy that does not answer', () => {
    expect(sentence({}, false)).toMatchObject({ tone: 'warn', title: 'The node does not answer.' })
  })
})
