import { createHash } from 'node:crypto'
import type { BlockAddress } from '../../src/node/core/base/address.ts'
import { addressFromDigest } from '../../src/node/core/base/address.ts'
import { compareBytes } from '../../src/node/core/base/bytes.ts'
import type { PlacementMap, StoragePlace } from '../../src/node/core/overlay/placement-map.ts'

function digestOf(text: string): Uint8Array {
  return new Uint8Array(createHash('sha256').update(text).digest())
}

export function addressOf(index: number): BlockAddress {
  return addressFromDigest(digestOf(`address ${index}`), 'mutable')
}

export function nodeIdNumber(index: number): Uint8Array {
  const nodeId = digestOf(`node ${index}`)
  nodeId[31] = 0
  return nodeId
}

export function placeNumber(index: number, facts: Partial<StoragePlace> = {}): StoragePlace {
  const storeId = digestOf(`store ${index}`).slice(0, 16)
  return { nodeId: nodeIdNumber(index), storeId, weight: 100, zone: '', labels: [], ...facts }
}

export function mapOf(places: readonly StoragePlace[], epoch = 1): PlacementMap {
  return { epoch, places: places.toSorted((left, right) => compareBytes(left.nodeId, right.nodeId)) }
}
