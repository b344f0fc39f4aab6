/**
 * Which nodes store, as a document that changes by commits only. Each change is an epoch, so whoever holds a map knows how new it is.
 *
 * Invariants: epochs count from 1; places are sorted by node id and name each node once; a weight of 0 takes nothing new.
 */

import { assert } from '../../../shared/assert.ts'
import { compareBytes } from '../base/bytes.ts'
import { CanonicalWriter, decodeCanonical, recordTag } from '../base/canonical-codec.ts'

const format = recordTag('memo/placement/1')

export interface PlacementMap {
  readonly epoch: number
  readonly places: readonly StoragePlace[]
}

export interface StoragePlace {
  /** 32 bytes. */
  readonly nodeId: Uint8Array
  /** 16 bytes. */
  readonly storeId: Uint8Array
  /** Share of the blocks in coarse steps of capacity; 0 for a node that is full or leaving. */
  readonly weight: number
  /** Empty where none is named. */
  readonly zone: string
  readonly labels: readonly string[]
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

function isWellFormedPlace(place: StoragePlace): boolean {
  const { nodeId, storeId, weight } = place
  return nodeId.length === 32 && storeId.length === 16 && Number.isInteger(weight) && weight >= 0 && weight <= weightMax
}

function isAfter(before: StoragePlace | undefined, place: StoragePlace): boolean {
  return before === undefined || compareBytes(before.nodeId, place.nodeId) < 0
}
