import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { toHex } from '../../../src/node/core/base/bytes.ts'
import { withoutPlace, withPlace } from '../../../src/node/core/overlay/placement-map.ts'
import { everyGroup, placementGroup } from '../../../src/node/core/overlay/rendezvous.ts'
import { addressOf, mapOf, placeNumber } from '../../support/placement-draft.ts'

const places = fc
  .uniqueArray(fc.nat({ max: 30 }), { minLength: 2, maxLength: 14 })
  .chain((numbers) =>
    fc.tuple(
      ...numbers.map((number) =>
        fc
          .record({ weight: fc.constantFrom(1, 50, 100, 400, 65_535), zone: fc.constantFrom('', 'a', 'b', 'c') })
          .map((facts) => placeNumber(number, facts)),
      ),
    ),
  )
const factor = fc.integer({ min: 1, max: 5 })
const address = fc.nat().map(addressOf)

describe('placement groups', () => {
  test('do not depend on the order of places, and name each node once', () => {
    fc.assert(
      fc.property(places, factor, address, fc.infiniteStream(fc.nat()), (list, count, at, numbers) => {
        const shuffled = list.map((place) => ({ place, key: numbers.next().value ?? 0 }))
        shuffled.sort((left, right) => left.key - right.key)
        const group = placementGroup(mapOf(list), at, { factor: count })
        expect(placementGroup(mapOf(shuffled.map((each) => each.place)), at, { factor: count })).toEqual(group)
        expect(new Set(group.map((member) => toHex(member.nodeId))).size).toBe(Math.min(count, list.length))
      }),
    )
  })

  test('are the same for every address exactly where no more places fit than a group may have', () => {
    fc.assert(
      fc.property(places, factor, fc.array(address, { minLength: 3, maxLength: 3 }), (list, count, addresses) => {
        const map = mapOf(list.map((place, index) => (index % 3 === 2 ? { ...place, weight: 0 } : place)))
        const every = everyGroup(map, { factor: count })
        expect(every !== undefined).toBe(map.places.filter(({ weight }) => weight > 0).length <= count)
        const names = (members: readonly { readonly nodeId: Uint8Array }[]) => members.map(({ nodeId }) => toHex(nodeId)).sort()
        for (const at of every === undefined ? [] : addresses) {
          expect(names(placementGroup(map, at, { factor: count }))).toEqual(names(every ?? []))
        }
      }),
    )
  })

  test('change by one member at most when a place joins or leaves, and only where it takes or gives', () => {
    fc.assert(
      fc.property(places, factor, fc.array(address, { minLength: 5, maxLength: 5 }), (list, count, addresses) => {
        const [joining, ...rest] = list
        if (joining === undefined) return
        const before = mapOf(rest)
        const after = withPlace(before, joining)
        if (after === undefined || after === 'full') throw new Error('a new place changes the map')
        expect(withoutPlace(after, joining.nodeId)?.places).toEqual(before.places)
        for (const at of addresses) {
          const old = placementGroup(before, at, { factor: count }).map((member) => toHex(member.nodeId))
          const now = placementGroup(after, at, { factor: count }).map((member) => toHex(member.nodeId))
          const gained = now.filter((each) => !old.includes(each))
          const lost = old.filter((each) => !now.includes(each))
          expect(gained.every((each) => each === toHex(joining.nodeId))).toBe(true)
          expect(lost.length).toBe(gained.length - (now.length - old.length))
        }
      }),
      { numRuns: 400 },
    )
  })
})
