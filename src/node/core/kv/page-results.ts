/**
 * What a page's primary answers to the node that sent it changes: one result for each, in their order.
 *
 * Invariant: one encoding per list of results, and it holds what `RequestResult` holds.
 */

import { assert } from '../../../shared/assert.ts'
import { equalBytes } from '../base/bytes.ts'
import { CanonicalWriter, choiceIndex, decodeCanonical, recordTag } from '../base/canonical-codec.ts'
import { askedDigestBytes } from './asked-digest.ts'
import type { RequestResult } from './page-apply.ts'
import { decodeOutcomes, encodeOutcomes } from './page-outcome.ts'

const format = recordTag('memo/page-results/1')
const resultsMax = 65_536
const kinds = ['decided', 'id-reused', 'too-old', 'from-the-future', 'void', 'replayed'] as const
/** Outcomes are encoded as they are kept; what was asked is known to who asks. */
const nothingAsked = new Uint8Array(askedDigestBytes)

export function encodeResults(results: readonly RequestResult[]): Uint8Array {
  return new CanonicalWriter(format, 256)
    .list(results, (result, item) => {
      item.uint(choiceIndex(kinds, result.kind))
      if (result.kind !== 'decided') return
      item.uint(result.repeated ? 1 : 0).bytes(encodeOutcomes({ asked: nothingAsked, outcomes: result.outcomes }))
    })
    .finish()
}

/** Undefined when the bytes are no results. */
export function decodeResults(bytes: Uint8Array): readonly RequestResult[] | undefined {
  return decodeCanonical(format, bytes, (reader) =>
    reader.list(resultsMax, (item): RequestResult => {
      const kind = item.choice(kinds)
      if (kind !== 'decided') return { kind }
      const repeated = item.uint(1) === 1
      const kept = decodeOutcomes(item.bytes())
      item.require(kept !== undefined && equalBytes(kept.asked, nothingAsked))
      assert(kept !== undefined, 'outcomes were required')
      return { kind, repeated, outcomes: kept.outcomes }
    }),
  )
}
