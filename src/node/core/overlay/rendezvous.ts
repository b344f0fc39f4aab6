/**
 * Which nodes of a placement map hold the block at an address: weighted rendezvous hashing (Thaler and Ravishankar 1998, weights by the
 * logarithm). Every node computes it for itself, so it uses nothing that machines could do differently.
 *
 * Invariants: the group depends on address, places and rule alone, not on the order of anything; a place that joins or leaves changes
 * only groups that gain or lose it, and each by one member; shares are as the weights are; weight 0 takes nothing; no zone is used
 * twice while a fitting place waits in a zone used less.
 */

import { assert } from '../../../shared/assert.ts'
import type { BlockAddress } from '../base/address.ts'
import { encodeText } from '../base/text.ts'
import type { Member } from '../consensus/group.ts'
import { groupMembersMax } from '../consensus/group.ts'
import { exactLogarithm } from './exact-logarithm.ts'
import type { SipState } from './half-sip-hash.ts'
import { sipAbsorb, sipFinish, sipStart, sipWord, wordAt } from './half-sip-hash.ts'
import type { PlacementMap, StoragePlace } from './placement-map.ts'

export interface PlacementRule {
  /** How many members a group should have. */
  readonly factor: number
  /** A place fits that has all of these. */
  readonly labels?: readonly string[]
  /** A place fits that has none of these. */
  readonly avoidLabels?: readonly string[]
}

/** What is hashed of a place is the same for every address. */
interface Contender {
  readonly place: StoragePlace
  readonly prefix: SipState
}

interface Ranked {
  readonly place: StoragePlace
  readonly cost: number
}

const hashKey = encodeText('memoplc1')
/** An address is a digest: sixteen bytes of it are as even as all. */
const addressPartBytes = 16
const hashedBytes = 32 + 16 + addressPartBytes
const scratch: SipState = new Int32Array(4)

/** By map, which never changes once made: the hashing of places is done once per epoch. */
const contendersOfMaps = new WeakMap<PlacementMap, readonly Contender[]>()

/** The members that a block at this address is born to, the first choice first; as many as fit where they are fewer than the factor. */
export function placementGroup(map: PlacementMap, address: BlockAddress, rule: PlacementRule): readonly Member[] {
  assert(rule.factor >= 1 && rule.factor <= groupMembersMax, 'a group has one to nine members')
  const ranked: Ranked[] = []
  const [w0, w1, w2, w3] = [wordAt(address, 0), wordAt(address, 4), wordAt(address, 8), wordAt(address, 12)]
  for (const { place, prefix } of contendersOf(map)) {
    if (!fits(place, rule)) continue
    scratch.set(prefix)
    sipWord(scratch, w0)
    sipWord(scratch, w1)
    sipWord(scratch, w2)
    sipWord(scratch, w3)
    const [low, high] = sipFinish(scratch, hashedBytes)
    ranked.push({ place, cost: -exactLogarithm(fractionOf(low, high)) / place.weight })
  }
  ranked.sort(compareRanked)
  return spread(ranked, rule.factor).map(({ nodeId, storeId }) => ({ nodeId, storeId }))
}

/** Who is in every group, in no order, where no more places fit than a group may have; undefined where addresses differ in their groups. */
export function everyGroup(map: PlacementMap, rule: PlacementRule): readonly Member[] | undefined {
  const fitting = map.places.filter((place) => place.weight > 0 && fits(place, rule))
  if (fitting.length === 0 || fitting.length > rule.factor) return undefined
  return fitting.map(({ nodeId, storeId }) => ({ nodeId, storeId }))
}

/** Strictly between 0 and 1: the upper 52 bits and a half, over 2^52. A double holds it exactly. */
function fractionOf(low: number, high: number): number {
  const bits = high * 0x10_0000 + (low >>> 12)
  return (2 * bits + 1) / 9_007_199_254_740_992
}

function compareRanked(left: Ranked, right: Ranked): number {
  // Contenders come by node id, and sorting is stable: so a tie goes to the lower id.
  return left.cost - right.cost
}

function contendersOf(map: PlacementMap): readonly Contender[] {
  const known = contendersOfMaps.get(map)
  if (known !== undefined) return known
  const contenders = map.places.filter((place) => place.weight > 0).map(contenderOf)
  contendersOfMaps.set(map, contenders)
  return contenders
}

function contenderOf(place: StoragePlace): Contender {
  const prefix = sipStart(hashKey)
  sipAbsorb(prefix, place.nodeId)
  sipAbsorb(prefix, place.storeId)
  return { place, prefix }
}

function fits(place: StoragePlace, { labels, avoidLabels }: PlacementRule): boolean {
  if (labels?.some((label) => !place.labels.includes(label))) return false
  return !avoidLabels?.some((label) => place.labels.includes(label))
}

/** Takes the best of the zones used least until there are enough. Places that name no zone count as one: they may stand together. */
function spread(ranked: readonly Ranked[], factor: number): StoragePlace[] {
  const chosen: StoragePlace[] = []
  const used = new Map<string, number>()
  for (let round = 0; chosen.length < Math.min(factor, ranked.length); round++) {
    for (const { place } of ranked) {
      if (chosen.length === factor) break
      if ((used.get(place.zone) ?? 0) !== round || chosen.includes(place)) continue
      used.set(place.zone, round + 1)
      chosen.push(place)
    }
  }
  return chosen
}
