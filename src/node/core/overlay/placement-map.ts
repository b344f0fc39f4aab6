/**
 * Which nodes store, as a document that changes by commits only. Each change is an epoch, so whoever holds a map knows how new it is.
 *
 * Invariants: epochs count from 1; places are sorted by node id and name each node once; a weight of 0 takes nothing new.
 */

import { compareBytes } from '../base/bytes.ts'

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

export const placementWeightMax = 65_535
export const placementPlacesMax = 4096

/** The weight of a node before its capacity is known. */
export const placementWeightDefault = 100

export function isWellFormedPlacement(map: PlacementMap): boolean {
  return (
    Number.isSafeInteger(map.epoch) &&
    map.epoch >= 1 &&
    map.places.length <= placementPlacesMax &&
    map.places.every((place, index) => isWellFormedPlace(place) && isAfter(map.places[index - 1], place))
  )
}

/** The place of this node in the map; undefined when it has none. */
export function placeOf(map: PlacementMap, nodeId: Uint8Array): StoragePlace | undefined {
  return map.places.find((place) => compareBytes(place.nodeId, nodeId) === 0)
}

function isWellFormedPlace(place: StoragePlace): boolean {
  const { nodeId, storeId, weight } = place
  return nodeId.length === 32 && storeId.length === 16 && Number.isInteger(weight) && weight >= 0 && weight <= placementWeightMax
}

function isAfter(before: StoragePlace | undefined, place: StoragePlace): boolean {
  return before === undefined || compareBytes(before.nodeId, place.nodeId) < 0
}
