/**
 * What a member of a network may do. Each right stands alone: none includes another.
 *
 * Invariant: the places of the rights are part of the format; a new right goes to the end.
 */

import { assert } from '../../../shared/assert.ts'

export interface Rights {
  readonly read: boolean
  readonly write: boolean
  /** Its node holds blocks of the network. */
  readonly store: boolean
  /** It admits others, to no more than it may do itself. */
  readonly invite: boolean
  readonly administer: boolean
}

const rightNames = ['read', 'write', 'store', 'invite', 'administer'] as const

export const rightsMaskMax: number = 2 ** rightNames.length - 1
export const allRights: Rights = { read: true, write: true, store: true, invite: true, administer: true }
export const noRights: Rights = { read: false, write: false, store: false, invite: false, administer: false }

/** The rights as a number: 1 read, 2 write, 4 store, 8 invite, 16 administer. */
export function rightsMask(rights: Rights): number {
  return rightNames.reduce((mask, name, place) => mask + (rights[name] ? 2 ** place : 0), 0)
}

export function rightsFromMask(mask: number): Rights {
  assert(Number.isInteger(mask) && mask >= 0 && mask <= rightsMaskMax, 'a mask names rights that exist')
  const has = (name: (typeof rightNames)[number]) => (mask & (1 << rightNames.indexOf(name))) !== 0
  return { read: has('read'), write: has('write'), store: has('store'), invite: has('invite'), administer: has('administer') }
}

/** Whether nothing is among `narrower` that is not among `broader`. */
export function areWithin(narrower: Rights, broader: Rights): boolean {
  return rightNames.every((name) => broader[name] || !narrower[name])
}

export function commonRights(left: Rights, right: Rights): Rights {
  return rightsFromMask(rightsMask(left) & rightsMask(right))
}
