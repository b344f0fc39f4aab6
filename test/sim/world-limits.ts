/** What the nodes of a world may hold, and how long they wait: far below what real ones do. */

import type { Limits } from '../../src/node/core/base/limits.ts'
import { defaultLimits } from '../../src/node/core/base/limits.ts'
import type { Profile } from './profile.ts'

/** Small, so that every bound is met within a second. */
const limits = {
  ...defaultLimits,
  chunkBytes: 1024,
  stopTimeoutMs: 1000,
  clockReservationMs: 20,
  collectGraceMs: 400,
  collectIntervalMs: 15,
  outcomesMax: 24,
}
/** Of nodes that are milliseconds apart. What they wait for keeps its order: a ping, a probe, a silence, a call. */
const clusterLimits = {
  ...limits,
  ...{ resendMs: 20, resendMaxMs: 200, leadTimeoutMs: 200, confirmTimeoutMs: 100, catchUpTimeoutMs: 1000, silentMs: 300 },
  ...{
    retainedEntriesMax: 8,
    hostedBlocksMax: 6,
    routeTimeoutMs: 1000,
    failoverPingMs: 30,
    preferenceIdleMs: 200,
    ...{ slowWriteMs: 5, slowWritesMax: 4, stalledWriteMs: 100, healthyMs: 300 },
    snapshotPieceBytes: 1024,
  },
  ...{ groupLookMs: 100, groupLookMax: 4, groupChangesMax: 2, callTimeoutMs: 3000 },
  ...{ swimPeriodMs: 100, swimPingTimeoutMs: 40, swimDigestMs: 500, swimDeadPingMs: 200 },
  ...{ directoryWriteMs: 50, recordIntervalMs: 2000, recordLookMs: 200 },
  ...{ contentTimeoutMs: 1000, contentRetryMs: 10, contentRetryMaxMs: 100, contentHedgeMs: 10, contentHedgeMaxMs: 100 },
  ...{ spreadRetryMs: 100, spreadRetryMaxMs: 500, spreadBlocksAtOnce: 8 },
  ...{ peerDialTimeoutMs: 200, peerDialRestMs: 5, peerDialRestMaxMs: 200, peerHandshakeTimeoutMs: 200, peerHelloTimeoutMs: 200 },
  ...{ peerPingMs: 200, peerSilenceMs: 600, peerStopMs: 200, peerLingerMs: 20, peerJoinTimeoutMs: 1000 },
}

/** By its primary's clock an entry may name what is half a grace old, and by no other clock may the grace be over before. */
const graces = 6
const wideLimits = { ...clusterLimits, collectIntervalMs: 50, epochLookMs: 100, contentRepairRestMs: 300 }

export function limitsOf({ hosts, isWide, skewMs, reviewDelayMs: spreadReviewDelayMs }: Profile): Limits {
  const reviewed = { spreadReviewDelayMs }
  if (isWide) return { ...wideLimits, ...reviewed, collectGraceMs: Math.max(limits.collectGraceMs, graces * skewMs) }
  return { ...(hosts === 1 ? limits : clusterLimits), ...reviewed }
}
