import type { TFunction } from 'i18next'
import { HardDrive, Network, ShieldCheck, Timer } from 'lucide-react'
import type { ReactElement, ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { NodeStatus } from '../../../ipc/contract/status-schemas.ts'
import { clusterHealth } from '../../cluster/cluster-health.ts'
import { Card } from '../../ui/card.tsx'
import { formatBytes, formatCount, formatMs, formatNumber, splitBytes } from '../../ui/format.ts'
import { Meter } from '../../ui/meter.tsx'
import css from './overview.module.css'
import { storageRoom } from './storage-room.ts'

interface TileProps {
  readonly title: string
  readonly icon: ReactNode
  readonly hero: ReactNode
  readonly unit?: ReactNode
  readonly bad?: boolean
  readonly facts: ReactNode
  readonly meter?: ReactNode
}

function Tile({ title, icon, hero, unit, bad = false, facts, meter }: TileProps): ReactElement {
  return (
    <Card title={title} icon={icon} quiet className={css.tile}>
      <p className={css.figure}>
        <span className={css.hero} data-bad={bad || undefined}>
          {hero}
        </span>{' '}
        <span className={css.unit}>{unit}</span>
      </p>
      <p className={css.facts}>{facts}</p>
      {meter}
    </Card>
  )
}

const iconSize = 16

export function Tiles({ status }: { readonly status: NodeStatus }): ReactElement {
  const { t } = useTranslation('overview')
  return (
    <section className={css.tiles} aria-label={t('tiles')}>
      <DurabilityTile status={status} />
      <NodesTile status={status} />
      <StorageTile status={status} />
      <LatencyTile status={status} />
    </section>
  )
}

function DurabilityTile({ status }: { readonly status: NodeStatus }) {
  const { t } = useTranslation('overview')
  const { blocks, condition, findings } = status
  const number = formatCount(blocks)
  const suspect = condition === 'suspect'
  const bad = suspect || findings.length > 0
  const keys = t('keysCount', { count: status.keys, number: formatCount(status.keys) })
  const { alone } = clusterHealth(status.cluster)
  const copies = alone ? t('oneCopy') : t('manyCopies', { number: formatCount(status.cluster.replication) })
  const sound = blocks === 0 ? t('noBlocks') : `${keys} · ${copies}`
  return (
    <Tile
      title={t('durability')}
      icon={<ShieldCheck size={iconSize} aria-hidden="true" />}
      hero={number}
      unit={
        suspect
          ? t('blocksSuspect', { count: blocks })
          : bad
            ? t('blocksStored', { count: blocks })
            : t('blocksUnit', { count: blocks })
      }
      bad={bad}
      facts={bad ? t('findings', { count: findings.length, number: formatCount(findings.length) }) : sound}
      meter={
        blocks > 0 && (
          <Meter label={t('durabilityMeter')} value={bad ? 0 : 1} max={1} tone={bad ? 'danger' : 'ok'} valueText={number} />
        )
      }
    />
  )
}

function NodesTile({ status: { cluster } }: { readonly status: NodeStatus }) {
  const { t } = useTranslation('overview')
  const { alive, total, alone, quorate } = clusterHealth(cluster)
  const { suspect, dead, unknown } = cluster.nodes
  const missing = t('nodesHint', { suspect: formatCount(suspect), dead: formatCount(dead + unknown) })
  return (
    <Tile
      title={t('nodes')}
      icon={<Network size={iconSize} aria-hidden="true" />}
      hero={alone ? t('alone') : formatCount(alive)}
      unit={alone ? undefined : t('aliveOf', { number: formatCount(total) })}
      bad={!quorate || cluster.withdrawn}
      facts={cluster.withdrawn ? t('nodesNoPart') : alone ? t('aloneHint') : alive === total ? t('nodesAll') : missing}
    />
  )
}

const roomTones = { ample: 'accent', low: 'warn', 'very-low': 'danger', full: 'danger' } as const

/** What the values take comes first, as in the status bar; what the disk gives for it stands below. */
function StorageTile({ status: { storage } }: { readonly status: NodeStatus }) {
  const { t } = useTranslation('overview')
  const room = storageRoom(storage)
  const { liveBytes, diskBytes, diskFreeBytes, limitBytes } = storage
  const { value, unit } = splitBytes(liveBytes)
  const used = formatBytes(room.usedBytes)
  const capacity = formatBytes(room.capacityBytes)
  const disk = t('onDisk', { disk: formatBytes(diskBytes), free: formatBytes(diskFreeBytes) })
  const pace = paceText(storage.daysToFull, t)
  return (
    <Tile
      title={t('storage')}
      icon={<HardDrive size={iconSize} aria-hidden="true" />}
      hero={value}
      unit={limitBytes === null ? t('liveUnit', { unit }) : t('liveOf', { unit, limit: formatBytes(limitBytes) })}
      bad={room.level === 'very-low' || room.level === 'full'}
      facts={pace === undefined ? disk : `${disk} · ${pace}`}
      meter={
        <Meter
          label={t('storageMeter')}
          value={room.usedBytes}
          max={room.capacityBytes}
          tone={roomTones[room.level]}
          valueText={t(room.boundBy === 'limit' ? 'storageMeterText' : 'storageMeterDisk', { used, capacity })}
        />
      }
    />
  )
}

function paceText(days: number | null, t: TFunction<'overview'>): string | undefined {
  if (days === null) return undefined
  return days < 1 ? t('fullToday') : t('daysToFull', { count: Math.round(days), number: formatCount(Math.round(days)) })
}

function LatencyTile({ status: { latency } }: { readonly status: NodeStatus }) {
  const { t } = useTranslation('overview')
  const { read, write } = latency
  const p50 = write.p50Ms
  const slow = p50 !== null && p50 >= 1000
  const reads =
    read.p50Ms === null
      ? t('readNone')
      : [t('readP50', { time: formatMs(read.p50Ms) }), read.p99Ms !== null && t('readP99', { time: formatMs(read.p99Ms) })]
          .filter((part) => part !== false)
          .join(', ')
  return (
    <Tile
      title={t('latencyMinute')}
      icon={<Timer size={iconSize} aria-hidden="true" />}
      hero={p50 === null ? '–' : formatNumber(slow ? p50 / 1000 : p50)}
      unit={p50 === null ? t('noWrites') : slow ? t('toWriteSeconds') : t('toWrite')}
      facts={write.p99Ms === null ? reads : `${t('p99', { time: formatMs(write.p99Ms) })} · ${reads}`}
    />
  )
}
