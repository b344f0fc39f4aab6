import { isCoded } from '../../shared/coded-error.ts'
import type { Counter } from '../ports/meter.ts'
import type { StoreEvents } from '../ports/record-store.ts'
import type { ActivityRecorder } from './activity-recorder.ts'
import { noActivity } from './activity-recorder.ts'
import { metricCatalogue } from './metric-catalogue.ts'
import type { ObserverPorts } from './observer-ports.ts'

/** Distinct findings that are logged and kept; more of them are still counted. A log is no place for a million damaged records. */
const keptFindingsMax = 100

export interface StoreObserver extends StoreEvents {
  /** What was found damaged since the opening, in words, each once; whatever became of it. */
  readonly damage: () => readonly string[]
}

export function createStoreObserver(
  { logger: parent, meter, activity = noActivity }: ObserverPorts,
  damage: Counter,
): StoreObserver {
  const logger = parent.child('store')
  return {
    ...commitEvents(logger, meter, activity),
    ...journalEvents(logger, meter),
    ...faultEvents(logger, damage),
    ...roomEvents(logger),
    ...scrubEvents(logger, meter),
  }
}

function scrubEvents(
  logger: ObserverPorts['logger'],
  meter: ObserverPorts['meter'],
): Pick<StoreEvents, 'scrubbed' | 'scrubFailed'> {
  const rounds = meter.counter(metricCatalogue.scrubRounds)
  const bytes = meter.counter(metricCatalogue.scrubBytes)
  return {
    scrubbed(facts) {
      rounds.add(1)
      bytes.add(facts.bytes)
      logger.info('everything stored was read again', facts)
    },
    scrubFailed({ error }) {
      logger.warn('reading everything again was given up, and is begun anew later', { error })
    },
  }
}

function commitEvents(
  logger: ObserverPorts['logger'],
  meter: ObserverPorts['meter'],
  activity: ActivityRecorder,
): Pick<StoreEvents, 'committed' | 'indexed'> {
  const duration = meter.histogram(metricCatalogue.commitDuration)
  const sync = meter.histogram(metricCatalogue.syncDuration)
  const batches = meter.histogram(metricCatalogue.commitBatches)
  const bytes = meter.histogram(metricCatalogue.commitBytes)
  const indexDuration = meter.histogram(metricCatalogue.indexDuration)
  const indexRecords = meter.counter(metricCatalogue.indexRecords)
  return {
    committed(facts) {
      duration.observe((facts.writeMs + facts.syncMs) / 1000)
      sync.observe(facts.syncMs / 1000)
      activity.synced(facts.syncMs)
      batches.observe(facts.batches)
      bytes.observe(facts.bytes)
    },
    indexed({ records, durationMs }) {
      indexDuration.observe(durationMs / 1000)
      indexRecords.add(records)
      logger.debug('index written', { records, durationMs })
    },
  }
}

function journalEvents(
  logger: ObserverPorts['logger'],
  meter: ObserverPorts['meter'],
): Pick<StoreEvents, 'segmentMade' | 'segmentReclaimed' | 'tailCut'> {
  const made = meter.counter(metricCatalogue.segmentsMade)
  const reclaimed = meter.counter(metricCatalogue.segmentsReclaimed)
  const moved = meter.counter(metricCatalogue.reclaimedBytesMoved)
  const cut = meter.counter(metricCatalogue.tailBytesCut)
  return {
    segmentMade(facts) {
      made.add(1)
      logger.debug('journal segment made', facts)
    },
    segmentReclaimed(facts) {
      reclaimed.add(1)
      moved.add(facts.liveBytesMoved)
      logger.info('journal segment reclaimed', facts)
    },
    tailCut(facts) {
      cut.add(facts.bytes)
      logger.warn('the torn end of the journal was cut: it held nothing that had been acknowledged', facts)
    },
  }
}

function roomEvents(logger: ObserverPorts['logger']): Pick<StoreEvents, 'reserveGivenUp' | 'indexStalled'> {
  return {
    reserveGivenUp(facts) {
      logger.warn('the disk is nearly full: the bytes held for removals and the index were given up', facts)
    },
    indexStalled({ error }) {
      if (isCoded(error, 'storage-full'))
        logger.error('the disk has no room for the index: only removals are taken, until there is room', { error })
      else logger.error(error instanceof Error ? error.message : 'the index is damaged', { error })
    },
  }
}

function faultEvents(
  logger: ObserverPorts['logger'],
  counter: Counter,
): Pick<StoreObserver, 'damage' | 'damageFound' | 'failed'> {
  const kept = new Set<string>()
  return {
    damage: () => [...kept],
    damageFound({ finding }) {
      counter.add(1)
      if (kept.has(finding) || kept.size >= keptFindingsMax) return
      kept.add(finding)
      logger.error('damage found', { finding })
    },
    failed({ error }) {
      logger.error('a write or sync failed, nothing more is answered and the process ends', { error })
    },
  }
}
