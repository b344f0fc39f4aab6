import { describe, expect, test } from 'vitest'
import { toHex, uint64Bytes } from '../../../../src/node/core/base/bytes.ts'
import { exactLogarithm } from '../../../../src/node/core/overlay/exact-logarithm.ts'
import { sipAbsorb, sipFinish, sipStart } from '../../../../src/node/core/overlay/half-sip-hash.ts'
import type { PlacementMap, StoragePlace } from '../../../../src/node/core/overlay/placement-map.ts'
import { placementGroup } from '../../../../src/node/core/overlay/rendezvous.ts'
import { addressOf, mapOf, placeNumber } from '../../../support/placement-draft.ts'

function shares(map: PlacementMap, factor: number, addresses: number): Map<string, number> {
  const counts = new Map<string, number>()
  for (let index = 0; index < addresses; index++) {
    for (const member of placementGroup(map, addressOf(index), { factor })) {
      const key = toHex(member.nodeId)
      counts.set(key, (counts.get(key) ?? 0) + 1)
    }
  }
  return counts
}

describe('what placement computes with', () => {
  test('the hash gives what its authors published', () => {
    const published: Record<number, string> = {
      0: '218d1f59b9b83cc8',
      4: 'd5e78a175be52ea1',
      8: 'edfee820bce4858c',
      16: '7336aad25f7bf3b5',
      24: '70741045ae3fa6f1',
    }
    for (const [length, output] of Object.entries(published)) {
      const state = sipStart(Uint8Array.from({ length: 8 }, (_, index) => index))
      const input = Uint8Array.from({ length: Number(length) }, (_, index) => index)
      sipAbsorb(state, input)
      const bytes = new Uint8Array(8)
      const [first, last] = sipFinish(state, input.length)
      new DataView(bytes.buffer).setUint32(0, first, true)
      new DataView(bytes.buffer).setUint32(4, last, true)
      expect(toHex(bytes)).toBe(output)
    }
  })

  test('the logarithm is right to the last bits, from the least fraction to the greatest', () => {
    const values = [2 ** -53, 2 ** -40, 0.1, 0.35, 0.5, 0.7, 0.75, 0.999, 1 - 2 ** -53, 1, 1.5, 10, 4096, 1e15]
    for (const value of values) {
      const expected = Math.log(value)
      expect(Math.abs(exactLogarithm(value) - expected)).toBeLessThanOrEqual(Math.abs(expected) * 2 ** -50)
    }
    expect(exactLogarithm(1)).toBe(0)
  })

  test('a group is the same on every machine', () => {
    const map = mapOf([placeNumber(1), placeNumber(2, { weight: 300 }), placeNumber(3), placeNumber(4, { zone: 'a' })])
    const group = (index: number) => placementGroup(map, addressOf(index), { factor: 3 }).map((member) => member.nodeId[0])
    expect([0, 1, 2, 3, 4, 5].map((index) => group(index).join(' '))).toMatchInlineSnapshot(`
      [
        "140 91 186",
        "140 91 219",
        "140 91 219",
        "219 91 140",
        "140 91 219",
        "140 91 219",
      ]
    `)
  })
})

describe('groups', () => {
  const equal = mapOf(Array.from({ length: 5 }, (_, index) => placeNumber(index)))

  test('shares follow the weights within five in a hundred over 20 000 addresses', () => {
    const weighted = mapOf([1, 2, 3, 4].map((weight) => placeNumber(weight, { weight: weight * 100 })))
    const counts = shares(weighted, 1, 20_000)
    for (const place of weighted.places) {
      const expected = (20_000 * place.weight) / 1000
      expect(Math.abs((counts.get(toHex(place.nodeId)) ?? 0) - expected)).toBeLessThan(expected * 0.05)
    }
    for (const count of shares(equal, 3, 20_000).values()) expect(Math.abs(count - 12_000)).toBeLessThan(600)
  })

  test('addresses that differ in one bit are placed as independently as any', () => {
    const counts = new Map<string, number>()
    for (let index = 0; index < 20_000; index++) {
      const address = addressOf(7).map((byte) => byte)
      address.set(uint64Bytes(BigInt(index)).subarray(4), 0)
      const [member] = placementGroup(equal, address as ReturnType<typeof addressOf>, { factor: 1 })
      const key = toHex(member?.nodeId ?? new Uint8Array())
      counts.set(key, (counts.get(key) ?? 0) + 1)
    }
    for (const count of counts.values()) expect(Math.abs(count - 4000)).toBeLessThan(200)
  })

  test('a place of weight 0 takes nothing, and groups are as large as the places that fit', () => {
    const map = mapOf([placeNumber(1, { weight: 0 }), placeNumber(2), placeNumber(3)])
    const group = placementGroup(map, addressOf(1), { factor: 3 })
    expect(group).toHaveLength(2)
    expect(group.some((member) => member.nodeId[0] === placeNumber(1).nodeId[0])).toBe(false)
    expect(placementGroup(mapOf([placeNumber(1, { weight: 0 })]), addressOf(1), { factor: 3 })).toEqual([])
  })

  test('zones are spread before one is used twice', () => {
    const places: StoragePlace[] = [
      ...Array.from({ length: 6 }, (_, index) => placeNumber(index, { zone: 'large', weight: 60_000 })),
      placeNumber(10, { zone: 'b', weight: 1 }),
      placeNumber(11, { zone: '', weight: 1 }),
    ]
    const map = mapOf(places)
    const zoneOf = (nodeId: Uint8Array) => map.places.find((place) => toHex(place.nodeId) === toHex(nodeId))?.zone
    for (let index = 0; index < 200; index++) {
      const zones = (factor: number) => placementGroup(map, addressOf(index), { factor }).map((each) => zoneOf(each.nodeId))
      expect(zones(3).toSorted()).toEqual(['', 'b', 'large'])
      expect(zones(5).toSorted()).toEqual(['', 'b', 'large', 'large', 'large'])
    }
  })

  test('labels are required, or avoided, and no place that fits is left out', () => {
    const map = mapOf([
      placeNumber(1, { labels: ['fast', 'eu'] }),
      placeNumber(2, { labels: ['fast'] }),
      placeNumber(3, { labels: ['eu'] }),
      placeNumber(4),
    ])
    const first = (rule: { labels?: string[]; avoidLabels?: string[] }) =>
      placementGroup(map, addressOf(3), { factor: 4, ...rule })
        .map((member) => member.nodeId[0])
        .toSorted()
    const [one, two, three, four] = [1, 2, 3, 4].map((each) => placeNumber(each).nodeId[0])
    expect(first({ labels: ['fast', 'eu'] })).toEqual([one])
    expect(first({ labels: ['eu'], avoidLabels: ['fast'] })).toEqual([three])
    expect(first({ avoidLabels: ['eu'] })).toEqual([two, four].toSorted())
  })
})
