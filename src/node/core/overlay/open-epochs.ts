/**
 * The epochs that are open: the newest placement map, and older ones from which some node may still hold a block that it neither moved
 * nor left a pointer for. What asks for the absence of a block, or gives birth to one, asks in each of them whose group differs.
 *
 * Invariants: epochs rise and the last is the newest, which is never closed; epochs close from the oldest on, so that a node's report
 * is one number; changes wait at the limit, but for evictions, which have a limit of their own.
 */

import { assert } from '../../../shared/assert.ts'
import type { BlockAddress } from '../base/address.ts'
import type { Member } from '../consensus/group.ts'
import { areSameMembers, compareMembers } from '../consensus/group.ts'
import type { PlacementMap } from './placement-map.ts'
import type { PlacementRule } from './rendezvous.ts'
import { placementGroup } from './rendezvous.ts'

const openEpochsMax = 8
/** Evictions go on beyond the other limit: a node that is gone reports nothing, so without them nothing would close. */
const openEpochsAfterEvictionsMax = 64

export type EpochChange = 'eviction' | 'other'

export interface OpenEpochs {
  readonly maps: readonly PlacementMap[]
}

/** A group that an address has in some open epochs and not in the newest. */
export interface DifferingGroup {
  readonly epochs: readonly number[]
  readonly members: readonly Member[]
}

/** In any order. Undefined where these can not be the open epochs of a network: none, too many, or one of them twice. */
export function openEpochs(maps: readonly PlacementMap[]): OpenEpochs | undefined {
  const sorted = maps.toSorted((left, right) => left.epoch - right.epoch)
  const distinct = sorted.every((map, index) => map.epoch !== sorted[index - 1]?.epoch)
  return sorted.length >= 1 && sorted.length <= openEpochsAfterEvictionsMax && distinct ? { maps: sorted } : undefined
}

export function newestMap({ maps }: OpenEpochs): PlacementMap {
  const newest = maps.at(-1)
  assert(newest !== undefined, 'one epoch at least is open')
  return newest
}

/** Whether a further epoch may be opened. */
export function mayOpen({ maps }: OpenEpochs, change: EpochChange): boolean {
  return maps.length < (change === 'eviction' ? openEpochsAfterEvictionsMax : openEpochsMax)
}

/** With the map of the next epoch. */
export function withEpoch(open: OpenEpochs, map: PlacementMap): OpenEpochs {
  assert(map.epoch === newestMap(open).epoch + 1, 'epochs follow one another')
  assert(mayOpen(open, 'eviction'), 'the open epochs are within their limit')
  return { maps: [...open.maps, map] }
}

/** The groups of the older open epochs that differ from the newest one's, each with its epochs; members sorted. */
export function differingGroups(open: OpenEpochs, address: BlockAddress, rule: PlacementRule): readonly DifferingGroup[] {
  if (open.maps.length === 1) return []
  const groupIn = (map: PlacementMap) => placementGroup(map, address, rule).toSorted(compareMembers)
  const newest = newestMap(open)
  const present = groupIn(newest)
  const found: { epochs: number[]; members: readonly Member[] }[] = []
  for (const map of open.maps) {
    if (map === newest) continue
    const members = groupIn(map)
    if (areSameMembers(members, present)) continue
    const same = found.find((each) => areSameMembers(each.members, members))
    if (same === undefined) found.push({ epochs: [map.epoch], members })
    else same.epochs.push(map.epoch)
  }
  return found
}

/**
 * The epochs that may be closed, the oldest first. `settledThrough` is what a place of the newest map has reported: of every epoch up to
 * this one, each block that it holds was moved, or has a pointer with a majority of a newer placement group. Undefined where this data
 * directory has reported nothing. What an evicted node held is repaired from the others of its groups.
 */
export function closableEpochs(open: OpenEpochs, settledThrough: (member: Member) => number | undefined): readonly number[] {
  const newest = newestMap(open)
  const reports = newest.places.map((place) => settledThrough(place) ?? 0)
  const settled = reports.reduce((least, report) => Math.min(least, report), newest.epoch - 1)
  return open.maps.map((map) => map.epoch).filter((epoch) => epoch <= settled)
}

/** Without epochs that may be closed. */
export function withoutEpochs(open: OpenEpochs, closed: readonly number[]): OpenEpochs {
  const newest = newestMap(open)
  assert(!closed.includes(newest.epoch), 'the newest epoch stays open')
  return { maps: open.maps.filter((map) => !closed.includes(map.epoch)) }
}
