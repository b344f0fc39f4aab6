/** Answers "is my data safe, and is there room?" in one sentence, by what the node says of itself. */

import type { TFunction } from 'i18next'
import type { NodeRun } from '../../../ipc/contract/host-contract.ts'
import type { NodeStatus } from '../../../ipc/contract/status-schemas.ts'
import { clusterHealth, withdrawalOf } from '../../cluster/cluster-health.ts'
import { sentenceOf } from '../../text/sentence-of.ts'
import type { Tone } from '../../ui/banner.tsx'
import { formatBytes, formatCount } from '../../ui/format.ts'
import { storageRoom } from './storage-room.ts'

export interface HealthSentence {
  readonly tone: Tone
  readonly title: string
  readonly text: string
  readonly action?: 'log' | 'start' | 'restart'
}

export interface HealthFacts {
  readonly status: NodeStatus
  /** False while the node does not answer. */
  readonly live: boolean
  /** Where the host supervises the node. */
  readonly run: NodeRun | undefined
}

type T = TFunction<'overview'>

/** The first that holds, the most urgent first. */
export function healthSentence(facts: HealthFacts, t: T): HealthSentence {
  const { status } = facts
  return (
    notRunning(facts, t) ??
    damaged(status, t) ??
    withdrawn(status, t) ??
    withoutQuorum(status, t) ??
    crashed(facts, t) ??
    withoutRoom(status, t) ??
    missingNodes(status, t) ??
    readOnly(status, t) ??
    healthy(status, t)
  )
}

function notRunning({ status, live, run }: HealthFacts, t: T): HealthSentence | undefined {
  const state = run === undefined || run.state === 'running' ? status.state : run.state
  switch (state) {
    case 'starting':
      return { tone: 'info', title: t('starting'), text: t('stoppedText') }
    case 'stopping':
      return { tone: 'info', title: t('stopping'), text: t('stoppedText') }
    case 'stopped':
      return { tone: 'warn', title: t('stopped'), text: t('stoppedText'), ...(run !== undefined && { action: 'start' as const }) }
    case 'failed':
    case 'crashed':
      return { tone: 'danger', title: t('failedState'), text: t('failedText'), action: run === undefined ? 'log' : 'restart' }
    case 'not-responding':
      return { tone: 'warn', title: t('noAnswer'), text: t('noAnswerText'), action: 'restart' }
    case 'running':
      return live ? undefined : { tone: 'warn', title: t('noAnswer'), text: t('noAnswerText') }
  }
}

function damaged({ condition, findings }: NodeStatus, t: T): HealthSentence | undefined {
  const finding = findings[0] === undefined ? undefined : sentenceOf(findings[0])
  if (condition === 'sound') {
    if (finding === undefined) return undefined
    const title = t('damaged', { count: findings.length, number: formatCount(findings.length) })
    return { tone: 'danger', title, text: t('damagedText', { finding }), action: 'log' }
  }
  const text = finding === undefined ? t('suspectText') : t('suspectFinding', { finding })
  return { tone: 'danger', title: t('suspect'), text, action: 'log' }
}

/** Whatever else such a node lacks is of no account. */
function withdrawn({ cluster }: NodeStatus, t: T): HealthSentence | undefined {
  const text = t('noPartText')
  switch (withdrawalOf(cluster)) {
    case undefined:
      return undefined
    case 'left-behind':
      return { tone: 'danger', title: t('leftBehind'), text }
    case 'left':
      return { tone: 'warn', title: t('left'), text }
    case 'evicted':
      return { tone: 'danger', title: t('evicted'), text }
    case 'copied':
      return { tone: 'danger', title: t('withdrawn'), text, action: 'log' }
  }
}

function crashed({ status, run }: HealthFacts, t: T): HealthSentence | undefined {
  if (!status.safeMode) return undefined
  return { tone: 'warn', title: t('safe'), text: t('safeText'), action: run === undefined ? 'log' : 'restart' }
}

function withoutRoom({ storage }: NodeStatus, t: T): HealthSentence | undefined {
  const room = storageRoom(storage)
  const [free, used, capacity] = [formatBytes(room.freeBytes), formatBytes(room.usedBytes), formatBytes(room.capacityBytes)]
  switch (room.level) {
    case 'ample':
      return undefined
    case 'full': {
      const text = room.boundBy === 'limit' ? t('fullLimitText', { used, capacity }) : t('fullDiskText', { free })
      return { tone: 'danger', title: t('full'), text }
    }
    case 'low':
    case 'very-low': {
      const { daysToFull } = storage
      const days = t('days', { count: Math.ceil(daysToFull ?? 0), number: formatCount(Math.ceil(daysToFull ?? 0)) })
      return {
        tone: room.level === 'low' ? 'warn' : 'danger',
        title: room.boundBy === 'limit' ? t('nearlyFull', { free, capacity }) : t('lowDisk', { free }),
        text: daysToFull === null ? t('nearlyFullText') : t('nearlyFullDays', { days }),
      }
    }
  }
}

function withoutQuorum({ cluster }: NodeStatus, t: T): HealthSentence | undefined {
  const { alive, total, quorate } = clusterHealth(cluster)
  if (quorate) return undefined
  const title = t('noQuorum', { alive: formatCount(alive), number: formatCount(total) })
  return { tone: 'danger', title, text: t('noQuorumText', { needed: formatCount(cluster.quorum.needed) }) }
}

function missingNodes({ cluster }: NodeStatus, t: T): HealthSentence | undefined {
  const { alive, total } = clusterHealth(cluster)
  if (alive === total) return undefined
  const title = t('degraded', { count: total - alive, missing: formatCount(total - alive), number: formatCount(total) })
  const { alive: members, needed } = cluster.quorum
  return { tone: 'warn', title, text: members > needed ? t('degradedText') : t('degradedLastText') }
}

function readOnly(status: NodeStatus, t: T): HealthSentence | undefined {
  return status.readOnly ? { tone: 'warn', title: t('readOnly'), text: t('readOnlyText') } : undefined
}

/** A node makes a few blocks of itself when it founds its network: they are nothing that somebody stored. */
const ownBlocksMax = 8

function healthy({ keys, blocks, cluster }: NodeStatus, t: T): HealthSentence {
  const number = formatCount(blocks)
  const { alone, total } = clusterHealth(cluster)
  if (!alone) {
    const title = t('healthyNodes', { blocks: t('blocksPlain', { count: blocks, number }), number: formatCount(total) })
    return { tone: 'ok', title, text: t('healthyNodesText') }
  }
  if (keys === 0 && blocks <= ownBlocksMax) return { tone: 'ok', title: t('healthyEmpty'), text: t('aloneText') }
  return { tone: 'ok', title: t('healthyAlone', { blocks: t('blocks', { count: blocks, number }) }), text: t('aloneText') }
}
