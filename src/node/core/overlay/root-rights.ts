/**
 * Which changes of the root a node may make that does not administer the network.
 *
 * Invariants: it takes no place of another node out of the map and changes none; it revokes nothing but its own node; it takes back no
 * revocation that still counts.
 */

import { equalBytes, startsWith } from '../base/bytes.ts'
import type { AdmissionSection } from './admission-section.ts'
import { decodeAdmission, dropExpired, isSameRevocation } from './admission-section.ts'
import type { PlacementMap } from './placement-map.ts'
import { decodePlacement, isSamePlace, placeOf } from './placement-map.ts'
import type { SectionChange } from './root-entry.ts'
import { keyRingPrefix, placementPrefix, rootSectionNames, settledPrefix } from './root-section.ts'

/** What the root says before the change. */
export interface RootBefore {
  readonly placement: PlacementMap
  readonly admission: AdmissionSection
  /** Unix milliseconds, after which nothing is taken to be over yet. */
  readonly nowMs: number
}

/** Sections that whoever may invite may change, within bounds. */
const inviterSections = [rootSectionNames.admission, placementPrefix, keyRingPrefix, settledPrefix]

/** Whether the right to invite is enough for changes of these sections, whatever they make of them. */
export function areForInviters(changes: readonly SectionChange[]): boolean {
  return changes.every(({ name }) => inviterSections.some((prefix) => startsWith(name, prefix)))
}

/** Whether what the changes make of the sections is within what a node may do that does not administer the network. */
export function areWithinInvite(nodeId: Uint8Array, before: RootBefore, changes: readonly SectionChange[]): boolean {
  return changes.every(({ name, body }) => {
    if (equalBytes(name, rootSectionNames.admission)) {
      const next = body && decodeAdmission(body)
      return next !== undefined && revokesNobodyElse(nodeId, before, next)
    }
    if (!startsWith(name, placementPrefix) || body === undefined) return true
    const next = decodePlacement(body)
    return next !== undefined && movesNobodyElse(nodeId, before.placement, next)
  })
}

function revokesNobodyElse(nodeId: Uint8Array, { admission, nowMs }: RootBefore, next: AdmissionSection): boolean {
  const { revocations } = admission
  const added = next.revocations.filter((each) => !revocations.some((known) => isSameRevocation(known, each)))
  const kept = dropExpired(admission, nowMs).revocations
  return (
    added.every(({ kind, value }) => kind === 'node' && equalBytes(value, nodeId)) &&
    kept.every((known) => next.revocations.some((each) => isSameRevocation(known, each)))
  )
}

/** A map that is not the next one meets a section that was changed meanwhile, and is decided anew. */
function movesNobodyElse(nodeId: Uint8Array, present: PlacementMap, next: PlacementMap): boolean {
  if (next.epoch <= present.epoch) return true
  return present.places.every((place) => {
    if (equalBytes(place.nodeId, nodeId)) return true
    const after = placeOf(next, place.nodeId)
    return after !== undefined && isSamePlace(place, after)
  })
}
