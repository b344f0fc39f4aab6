import { expect, test } from 'vitest'
import { PromMeter } from '../../../src/node/adapters/prom-meter/prom-meter.ts'
import type { ObservedCluster } from '../../../src/node/observe/cluster-observer.ts'
import { createClusterObserver, registerClusterGauges } from '../../../src/node/observe/cluster-observer.ts'
import { clusterOf } from '../../support/cluster-facts.ts'
import { filled } from '../../support/identities.ts'
import { SilentLogger } from '../adapters/silent-logger.ts'

function bed() {
  const logger = new SilentLogger()
  const meter = new PromMeter({ processMetrics: false })
  return { logger, meter, observer: createClusterObserver({ logger, meter }) }
}

const nodeId = filled(0xab)
const levelOf = (logger: SilentLogger) => logger.lines.map(({ level, message }) => `${level} ${message}`)

test('what happens between nodes reaches log and metric', async () => {
  const { logger, meter, observer } = bed()
  observer.stateChanged({ nodeId, from: 'unknown', to: 'alive' })
  observer.stateChanged({ nodeId, from: 'alive', to: 'suspect' })
  observer.stateChanged({ nodeId, from: 'suspect', to: 'alive' })
  observer.stateChanged({ nodeId, from: 'suspect', to: 'dead' })
  observer.stateChanged({ nodeId, from: 'dead', to: 'left' })
  observer.recordRefused({ reason: 'forged' })
  observer.rollBackSeen({ nodeId })
  const life = { bootCount: 3, syncedPosition: 9n }
  observer.rolledBack({ by: undefined, storeId: filled(1, 16), highest: life, seen: life })
  observer.copySeen({ nodeId })
  observer.copied({ storeId: filled(1, 16), endpoints: ['b:1'] })
  observer.sessionBegan({ nodeId, endpoint: 'a:1', dialled: true })
  observer.sessionEnded({ nodeId, reason: 'silent' })
  observer.dialFailed({ nodeId, endpoint: 'a:1', error: new Error('refused') })
  observer.messageDropped({ nodeId, bytes: 70 })
  const text = await meter.render()
  for (const line of [
    'memo_cluster_state_changes_total{to="alive"} 2',
    'memo_cluster_state_changes_total{to="dead"} 1',
    'memo_node_records_refused_total{reason="forged"} 1',
    'memo_nodes_rolled_back_total{whose="own"} 1',
    'memo_nodes_rolled_back_total{whose="other"} 1',
    'memo_nodes_copied_total{whose="own"} 1',
    'memo_nodes_copied_total{whose="other"} 1',
    'memo_peer_sessions_total{side="dialled"} 1',
    'memo_peer_sessions_ended_total{reason="silent"} 1',
    'memo_peer_dials_failed_total 1',
    'memo_peer_messages_dropped_total 1',
    'memo_peer_dropped_bytes_total 70',
  ]) {
    expect(text).toContain(line)
  }
  expect(levelOf(logger)).toEqual([
    'info a node is there',
    'debug a node did not answer and is asked again',
    'debug a suspect node answered',
    'warn a node does not answer any more',
    'info a node left',
    'debug what was said of a node was not taken',
    'warn the data directory of a node came back older than it was; it is told',
    'error the data directory of this node is older than it was: what it promised since is lost',
    'warn two processes of a node run on copies of one data directory; the second one is told',
    'error another process runs on a copy of this data directory: this one takes no part any more',
    'info a session with a node began',
    'info a session with a node ended',
    'debug a node was not reached',
    'debug a message to a node was dropped',
  ])
})

test('refused hellos are all counted, and of one reason within a minute ten are logged', async () => {
  const { logger, meter, observer } = bed()
  for (let index = 0; index < 30; index++) observer.helloRefused({ endpoint: 'a:1', reason: 'expired' })
  observer.helloRefused({ endpoint: 'a:1', reason: 'clock' })
  expect(await meter.render()).toContain('memo_peer_hellos_refused_total{reason="expired"} 30')
  expect(logger.lines.map(({ fields }) => fields.reason)).toEqual([...new Array(10).fill('expired'), 'clock'])
})

test('nodes are counted by their state, and the quorum beside what it needs', async () => {
  const { meter } = bed()
  let known: ObservedCluster | undefined
  registerClusterGauges(meter, () => known)
  expect(await meter.render()).not.toMatch(/^memo_cluster_(nodes|patience|quorum_alive)[ {]/m)
  known = clusterOf({ patience: 3 })
  const text = await meter.render()
  for (const line of [
    'memo_cluster_nodes{state="alive"} 2',
    'memo_cluster_nodes{state="suspect"} 0',
    'memo_cluster_nodes{state="dead"} 1',
    'memo_cluster_nodes{state="left"} 0',
    'memo_cluster_nodes{state="unknown"} 0',
    'memo_cluster_patience 3',
    'memo_cluster_quorum_members 3',
    'memo_cluster_quorum_alive 2',
    'memo_cluster_quorum_needed 2',
    'memo_cluster_groups_pending 2',
  ]) {
    expect(text).toContain(line)
  }
  expect(text).not.toMatch(/^memo_cluster_copies_pending /m)
  known = clusterOf({ copiesPending: 7 })
  expect(await meter.render()).toContain('memo_cluster_copies_pending 7')
})
