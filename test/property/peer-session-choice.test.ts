import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { PairConnection } from '../../src/node/adapters/peer-session/session-choice.ts'
import { isReplaced } from '../../src/node/adapters/peer-session/session-choice.ts'
import type { Peer } from '../../src/node/ports/transport.ts'

const rights = { read: true, write: true, store: true, invite: false, administer: false }
const peer = (number: number): Peer => ({
  nodeId: new Uint8Array(32).fill(number),
  storeId: new Uint8Array(16).fill(number),
  bootCount: 1,
  rights,
})
const lower = peer(1)
const higher = peer(2)

/** Dials and judgements of two ends in the order in which they happened: a connection is judged after it was dialled. */
const histories = fc.uniqueArray(fc.integer({ min: 0, max: 40 }), { minLength: 4, maxLength: 12 }).map((moments) => {
  const connections: { readonly byLower: boolean; readonly dialled: number; readonly judged: number }[] = []
  for (let index = 0; index + 1 < moments.length; index += 2) {
    const [one = 0, other = 0] = [moments[index], moments[index + 1]]
    connections.push({ byLower: index % 4 === 0, dialled: Math.min(one, other), judged: Math.max(one, other) })
  }
  return connections.sort((left, right) => left.dialled - right.dialled)
})

test('both ends keep the same connection, whichever they see first', () => {
  fc.assert(
    fc.property(histories, (history) => {
      const dialsOf = (byLower: boolean, untilMoment: number) =>
        history.filter((one) => one.byLower === byLower && one.dialled <= untilMoment).length
      const seenBy = (own: 'lower' | 'higher', index: number): PairConnection => {
        const one = history[index] ?? { byLower: true, dialled: 0, judged: 0 }
        return {
          peer: own === 'lower' ? higher : lower,
          dialled: one.byLower === (own === 'lower'),
          dial: dialsOf(one.byLower, one.dialled),
          dialsOfAccepter: dialsOf(!one.byLower, one.judged),
        }
      }
      const kept = (own: 'lower' | 'higher', held: number, next: number): number => {
        const ownId = own === 'lower' ? lower.nodeId : higher.nodeId
        return isReplaced(seenBy(own, held), seenBy(own, next), ownId) ? next : held
      }
      for (let one = 0; one < history.length; one++) {
        for (let other = 0; other < one; other++) {
          const results = (['lower', 'higher'] as const).flatMap((own) => [kept(own, one, other), kept(own, other, one)])
          expect(new Set(results).size).toBe(1)
        }
      }
    }),
  )
})

test('a later start goes before an earlier one, and another data directory before the one that was known', () => {
  const held: PairConnection = { peer: { ...higher, bootCount: 5 }, dialled: true, dial: 9, dialsOfAccepter: 0 }
  const next = (changes: Partial<Peer>): PairConnection => ({
    ...held,
    peer: { ...held.peer, ...changes },
    dialled: false,
    dial: 1,
  })
  expect(isReplaced(held, next({ bootCount: 6 }), lower.nodeId)).toBe(true)
  expect(isReplaced(held, next({ bootCount: 4 }), lower.nodeId)).toBe(false)
  expect(isReplaced(held, next({ bootCount: 1, storeId: new Uint8Array(16) }), lower.nodeId)).toBe(true)
})

test('who has lost a connection dials another one, which stays although the other end still holds the first', () => {
  const first: PairConnection = { peer: higher, dialled: true, dial: 1, dialsOfAccepter: 0 }
  const later: PairConnection = { peer: higher, dialled: false, dial: 1, dialsOfAccepter: 1 }
  expect(isReplaced(first, later, lower.nodeId)).toBe(true)
  const atOnce: PairConnection = { ...first, dialsOfAccepter: 1 }
  expect(isReplaced(atOnce, later, lower.nodeId)).toBe(false)
})
