import { describe, expect, test } from 'vitest'
import { compareMembers } from '../../../../src/node/core/consensus/group.ts'
import {
  closableEpochs,
  differingGroups,
  mayOpen,
  newestMap,
  openEpochs,
  withEpoch,
  withoutEpochs,
} from '../../../../src/node/core/overlay/open-epochs.ts'
import type { PlacementMap } from '../../../../src/node/core/overlay/placement-map.ts'
import {
  decodePlacement,
  encodePlacement,
  withoutPlace,
  withPlace,
  withStoreId,
  withWeight,
} from '../../../../src/node/core/overlay/placement-map.ts'
import { placementGroup } from '../../../../src/node/core/overlay/rendezvous.ts'
import { addressOf, mapOf, placeNumber } from '../../../support/placement-draft.ts'

const [one, two, three, four] = [placeNumber(1), placeNumber(2), placeNumber(3), placeNumber(4)]
const map = mapOf([one, two, three])

function changed(next: PlacementMap | 'full' | undefined): PlacementMap {
  if (next === undefined || next === 'full') throw new Error('the map changes')
  return next
}

describe('the next placement map', () => {
  test('is one epoch on, holds the change and nothing else, and can be read', () => {
    const labelled = { ...two, zone: 'a', labels: ['ssd'] }
    expect(withPlace(map, four)).toEqual(mapOf([one, two, three, four], 2))
    expect(withPlace(map, labelled)).toEqual(mapOf([one, labelled, three], 2))
    expect(withoutPlace(map, two.nodeId)).toEqual(mapOf([one, three], 2))
    expect(withWeight(map, two.nodeId, 0)).toEqual(mapOf([one, { ...two, weight: 0 }, three], 2))
    expect(withStoreId(map, two.nodeId, four.storeId)).toEqual(mapOf([one, { ...two, storeId: four.storeId }, three], 2))
    const next = changed(withPlace(map, labelled))
    expect(decodePlacement(encodePlacement(next))).toEqual(next)
  })

  test('is not made where nothing changes', () => {
    expect(withPlace(map, { ...two })).toBeUndefined()
    expect(withoutPlace(map, four.nodeId)).toBeUndefined()
    expect(withWeight(map, two.nodeId, two.weight)).toBeUndefined()
    expect(withWeight(map, four.nodeId, 7)).toBeUndefined()
    expect(withStoreId(map, two.nodeId, two.storeId)).toBeUndefined()
    expect(withStoreId(map, four.nodeId, two.storeId)).toBeUndefined()
  })

  test('keeps within its bounds', () => {
    const full = mapOf(Array.from({ length: 4096 }, (_, index) => placeNumber(index)))
    expect(withPlace(full, placeNumber(5000))).toBe('full')
    expect(withWeight(full, placeNumber(7).nodeId, 3)?.places).toHaveLength(4096)
    expect(() => withWeight(map, two.nodeId, 65_536)).toThrow('well-formed')
    expect(() => withPlace(map, { ...four, zone: 'z'.repeat(256) })).toThrow('well-formed')
  })
})

describe('open epochs', () => {
  const second = changed(withPlace(map, four))
  const third = changed(withoutPlace(second, one.nodeId))
  const opened = openEpochs([third, map, second])
  if (opened === undefined) throw new Error('three epochs are open')

  test('are in order, and not none, too many or one twice', () => {
    expect(opened.maps.map((each) => each.epoch)).toEqual([1, 2, 3])
    expect(newestMap(opened)).toBe(third)
    expect(openEpochs([])).toBeUndefined()
    expect(openEpochs([map, { ...map }])).toBeUndefined()
    expect(openEpochs(Array.from({ length: 65 }, (_, index) => ({ ...map, epoch: index + 1 })))).toBeUndefined()
  })

  test('let changes wait at eight, but for evictions', () => {
    let open = openEpochs([map])
    for (let epoch = 2; open !== undefined && epoch <= 8; epoch++) {
      expect(mayOpen(open, 'other')).toBe(true)
      open = withEpoch(open, { ...map, epoch })
    }
    if (open === undefined) throw new Error('eight epochs are open')
    expect([mayOpen(open, 'other'), mayOpen(open, 'eviction')]).toEqual([false, true])
    expect(() => withEpoch(opened, { ...map, epoch: 9 })).toThrow('follow')
  })

  test('name each group of an address that is not the newest one, with its epochs', () => {
    const rule = { factor: 2 }
    let differing = 0
    for (let index = 0; index < 300; index++) {
      const at = addressOf(index)
      const groupOf = (each: PlacementMap) => placementGroup(each, at, rule).toSorted(compareMembers)
      const found = differingGroups(opened, at, rule)
      differing += found.length
      for (const each of [map, second]) {
        const named = found.filter((group) => group.epochs.includes(each.epoch))
        const differs = JSON.stringify(groupOf(each)) !== JSON.stringify(groupOf(third))
        expect(named.map((group) => group.members)).toEqual(differs ? [groupOf(each)] : [])
      }
    }
    expect(differing).toBeGreaterThan(100)
    expect(differingGroups({ maps: [third] }, addressOf(1), rule)).toEqual([])
  })

  test('close from the oldest on, when every data directory of the newest map has reported', () => {
    const reports = new Map([
      [two, 2],
      [three, 1],
    ])
    const reported = (member: { storeId: Uint8Array }) => [...reports].find(([place]) => place.storeId === member.storeId)?.[1]
    expect(closableEpochs(opened, reported)).toEqual([])
    reports.set(four, 7)
    expect(closableEpochs(opened, reported)).toEqual([1])
    reports.set(three, 9)
    expect(closableEpochs(opened, reported)).toEqual([1, 2])
    expect(withoutEpochs(opened, [1]).maps).toEqual([second, third])
    expect(() => withoutEpochs(opened, [3])).toThrow('newest')
    const renewed = withEpoch(opened, changed(withStoreId(third, two.nodeId, one.storeId)))
    expect(closableEpochs(renewed, reported)).toEqual([])
  })
})
