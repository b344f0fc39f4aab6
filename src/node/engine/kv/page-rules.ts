import type { Digest } from '../../core/base/digest.ts'
import { hlcFromMs } from '../../core/base/hybrid-clock.ts'
import type { Limits } from '../../core/base/limits.ts'
import type { PageRules } from '../../core/kv/page-apply.ts'

/** The rules by which every member applies the entries of pages. */
export function pageRules(limits: Limits, digest: Digest): PageRules {
  return {
    graceSpan: hlcFromMs(limits.collectGraceMs),
    retentionSpan: hlcFromMs(limits.outcomeRetentionMs),
    skewSpan: hlcFromMs(limits.clockSkewMaxMs),
    originSessionsMax: limits.originSessionsMax,
    digest,
  }
}
