/**
 * Which nodes store, as a document that changes by commits only. Each change is an epoch, so whoever holds a map knows how new it is.
 *
 * Invariants: epochs count from 1; places are sorted by node id and name each node once; a weight of 0 takes nothing new.
 */

import { assert } from '../../../shared/assert.ts'
import { compareBytes, equalBytes } from '../base/bytes.ts'
import { CanonicalWriter, decodeCanonical, recordTag } from '../base/canonical-codec.ts'
import { textBytesLength } from '../base/text.ts'

const format = recordTag('memo/placement/1')

export interface PlacementMap {
  readonly epoch: number
  readonly places: readonly StoragePlace[]
}

/** What people say of where a node stands and what it is. */
export interface PlaceDescription {
  /** Empty where none is named. */
  readonly zone: string
  readonly labels: readonly string[]
}

export interface StoragePlace extends PlaceDescription {
  /** 32 bytes. */
  readonly nodeId: Uint8Array
  /** 16 bytes. */
  readonly storeId: Uint8Array
  /** Share of the blocks in coarse steps of capacity; 0 for a node that is full or leaving. */
  readonly weight: number
}

const weightMax = 65_535
const placesMax = 4096
const labelsMax = 64
const labelBytesMax = 255

/** The weight of a node before its capacity is known. */
export const defaultWeight = 100

export function encodePlacement(map: PlacementMap): Uint8Array {
  assert(isWellFormed(map), 'a placement map is well-formed')
  return new CanonicalWriter(format, 32 + map.places.length * 80)
    .uint(map.epoch)
    .list(map.places, (place, item) => {
      item.bytes(place.nodeId).bytes(place.storeId).uint(place.weight).text(place.zone)
      item.list(place.labels, (label, field) => field.text(label))
    })
    .finish()
}

/** Undefined when the bytes are no placement map. */
export function decodePlacement(bytes: Uint8Array): PlacementMap | undefined {
  return decodeCanonical(format, bytes, (reader) => {
    const map = {
      epoch: reader.uint(),
      places: reader.list(placesMax, (item) => ({
        nodeId: item.fixed(32),
        storeId: item.fixed(16),
        weight: item.uint(weightMax),
        zone: item.text(labelBytesMax),
        labels: item.list(labelsMax, (field) => field.text(labelBytesMax)),
      })),
    }
    reader.require(isWellFormed(map))
    return map
  })
}

function isWellFormed(map: PlacementMap): boolean {
  return (
    Number.isSafeInteger(map.epoch) &&
    map.epoch >= 1 &&
    map.places.length <= placesMax &&
    map.places.every((place, index) => isWellFormedPlace(place) && isAfter(map.places[index - 1], place))
  )
}

/** The place of this node in the map; undefined when it has none. */
export function placeOf(map: PlacementMap, nodeId: Uint8Array): StoragePlace | undefined {
  return map.places.find((place) => compareBytes(place.nodeId, nodeId) === 0)
}

/** The next map, in which the node has this place; undefined where it has it already, `full` where no further node fits in. */
export function withPlace(map: PlacementMap, place: StoragePlace): PlacementMap | 'full' | undefined {
  const present = placeOf(map, place.nodeId)
  if (present === undefined && map.places.length === placesMax) return 'full'
  if (present !== undefined && isSamePlace(present, place)) return undefined
  return nextMap(map, [...map.places.filter((each) => each !== present), place])
}

/** The next map, without the node; undefined where it has no place. */
export function withoutPlace(map: PlacementMap, nodeId: Uint8Array): PlacementMap | undefined {
  const present = placeOf(map, nodeId)
  if (present === undefined) return undefined
  return nextMap(
    map,
    map.places.filter((each) => each !== present),
  )
}

/** The next map, with another weight of the node; undefined where it has no place, or this weight. */
export function withWeight(map: PlacementMap, nodeId: Uint8Array, weight: number): PlacementMap | undefined {
  return withChange(map, nodeId, { weight })
}

/** The next map, with another data directory of the node; undefined where it has no place, or this directory. */
export function withStoreId(map: PlacementMap, nodeId: Uint8Array, storeId: Uint8Array): PlacementMap | undefined {
  return withChange(map, nodeId, { storeId })
}

function withChange(map: PlacementMap, nodeId: Uint8Array, change: Partial<StoragePlace>): PlacementMap | undefined {
  const present = placeOf(map, nodeId)
  const next = present && withPlace(map, { ...present, ...change })
  assert(next !== 'full', 'a node that has a place needs no further one')
  return next
}

function nextMap(map: PlacementMap, places: readonly StoragePlace[]): PlacementMap {
  const next = {
    epoch: map.epoch + 1,
    places: places.toSorted((left, right) => compareBytes(left.nodeId, right.nodeId)),
  }
  assert(isWellFormed(next), 'the next placement map is well-formed')
  return next
}

/** Whether nothing differs. */
export function isSamePlace(left: StoragePlace, right: StoragePlace): boolean {
  return (
    equalBytes(left.nodeId, right.nodeId) &&
    equalBytes(left.storeId, right.storeId) &&
    left.weight === right.weight &&
    left.zone === right.zone &&
    left.labels.length === right.labels.length &&
    left.labels.every((label, index) => label === right.labels[index])
  )
}

function isWellFormedPlace(place: StoragePlace): boolean {
  const { nodeId, storeId, weight, zone, labels } = place
  return (
    nodeId.length === 32 &&
    storeId.length === 16 &&
    Number.isInteger(weight) &&
    weight >= 0 &&
    weight <= weightMax &&
    labels.length <= labelsMax &&
    [zone, ...labels].every((text) => textBytesLength(text) <= labelBytesMax)
  )
}

function isAfter(before: StoragePlace | undefined, place: StoragePlace): boolean {
  return before === undefined || compareBytes(before.nodeId, place.nodeId) < 0
}
