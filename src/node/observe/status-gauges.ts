import type { Meter } from '../ports/meter.ts'
import type { RecordFamily, ScrubStatus, StoreCondition, StoreUsage } from '../ports/record-store.ts'
import { recordFamilies } from '../ports/record-store.ts'
import { metricCatalogue } from './metric-catalogue.ts'

/** The part of a node's status that has gauges. */
export interface ObservedStatus {
  readonly state: string
  readonly condition: StoreCondition
  readonly usage: StoreUsage
  readonly scrub: ScrubStatus | undefined
  readonly keys: number
  readonly collectable: number
}

/** Registers the gauges of a node; its status is asked when the metrics are read, and may be unknown before the node runs. */
export function registerStatusGauges(meter: Meter, version: string, status: () => ObservedStatus | undefined): void {
  const usage = (read: (usage: StoreUsage) => number | undefined) => () => {
    const current = status()
    const value = current === undefined ? undefined : read(current.usage)
    return value === undefined ? [] : [{ labels: {}, value }]
  }
  meter.gauge(metricCatalogue.nodeInfo, () => [{ labels: { version }, value: 1 }])
  meter.gauge(metricCatalogue.running, () => (status()?.state === 'running' ? 1 : 0))
  meter.gauge(metricCatalogue.storeSuspect, () => (status()?.condition.kind === 'suspect' ? 1 : 0))
  meter.gauge(
    metricCatalogue.storeLiveBytes,
    usage((each) => each.liveBytes),
  )
  meter.gauge(
    metricCatalogue.storeDiskBytes,
    usage((each) => each.diskBytes),
  )
  meter.gauge(
    metricCatalogue.storeLimitBytes,
    usage((each) => each.byteLimit),
  )
  meter.gauge(
    metricCatalogue.storeReserveBytes,
    usage((each) => each.reserveBytes),
  )
  meter.gauge(
    metricCatalogue.diskFreeBytes,
    usage((each) => each.diskFreeBytes),
  )
  meter.gauge(
    metricCatalogue.storeSegments,
    usage((each) => each.segments),
  )
  meter.gauge(metricCatalogue.scrubLastRound, () => {
    const endedMs = status()?.scrub?.lastRound?.endedMs
    return endedMs === undefined ? [] : [{ labels: {}, value: endedMs / 1000 }]
  })
  meter.gauge(metricCatalogue.scrubFindings, () => status()?.scrub?.findings.length ?? 0)
  meter.gauge(metricCatalogue.keys, () => status()?.keys ?? 0)
  meter.gauge(metricCatalogue.collectable, () => status()?.collectable ?? 0)
  meter.gauge(metricCatalogue.storeRecords, () => {
    const families = status()?.usage.families
    if (families === undefined) return []
    return recordFamilies.map((family: RecordFamily) => ({ labels: { family }, value: families[family].records }))
  })
}
