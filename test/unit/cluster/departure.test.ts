import { expect, test } from 'vitest'
import { defaultLimits } from '../../../src/node/core/base/limits.ts'
import type { PlacementMap } from '../../../src/node/core/overlay/placement-map.ts'
import { Departure } from '../../../src/node/engine/cluster/departure.ts'
import { SimClock } from '../../sim/sim-clock.ts'
import { VirtualTime } from '../../sim/virtual-time.ts'
import { mapOf, placeNumber } from '../../support/placement-draft.ts'
import { silentLogger } from '../../support/silent.ts'

const place = placeNumber(1, { weight: 0 })

/** What a node does that leaves, by a map. */
async function leaveBy(placement: PlacementMap, isSettled: boolean) {
  const did: string[] = []
  const say = (what: string) => async () => void did.push(what)
  const departure = new Departure({
    clock: new SimClock(new VirtualTime(), () => 0),
    limits: defaultLimits,
    logger: silentLogger,
    nodeId: place.nodeId,
    view: { removal: undefined, placement, facts: { maps: [placement] } } as never,
    removals: {
      assertMayLeave: () => did.push('asked'),
      drain: say('drained'),
      depart: async () => did.push('departed') > 0,
      revokeSelf: say('revoked'),
    } as never,
    pending: () => ({ groupsPending: 0, copiesPending: 0 }),
    isSettled: () => isSettled,
    farewell: say('farewell'),
    hold: () => ({ note: say('noted'), release: say('released') }),
  })
  const phases: string[] = []
  for await (const { phase } of departure.leave(new AbortController().signal)) phases.push(phase)
  return { phases, did }
}

test('that a node has left is on its disk before its key is revoked, by which nobody lets it in to learn of it', async () => {
  const { phases, did } = await leaveBy(mapOf([place, placeNumber(2)], 4), true)
  expect(phases).toEqual(['draining', 'left'])
  expect(did).toEqual(['asked', 'drained', 'departed', 'noted', 'revoked', 'farewell', 'released'])
})

test('a node whose place went before it could write that down leaves all the same, whatever is being moved', async () => {
  const { phases, did } = await leaveBy(mapOf([placeNumber(2)], 5), false)
  expect(phases.at(-1)).toBe('left')
  expect(did.slice(-4)).toEqual(['noted', 'revoked', 'farewell', 'released'])
})
