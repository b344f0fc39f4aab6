/**
 * Where a listed page ended, as callers carry it to the next one. Opaque to them.
 *
 * Invariants: a token names its store and direction, lies below its prefix, and is refused by any other; it names a place among the
 * keys and nothing of how they are kept, so it stays good whatever happens to them.
 */

import type { BlockAddress } from '../base/address.ts'
import { addressBytes } from '../base/address.ts'
import { equalBytes, startsWith } from '../base/bytes.ts'
import { CanonicalWriter, choiceIndex, decodeCanonical, recordTag } from '../base/canonical-codec.ts'
import type { ListPosition } from './list-plan.ts'

const tag = recordTag('memo/list-token/1')
const directions = ['forward', 'reverse'] as const
const positionKinds = ['key', 'folder'] as const

export function encodePageToken(store: BlockAddress, reverse: boolean, position: ListPosition): Uint8Array {
  return new CanonicalWriter(tag, 64 + position.bytes.length)
    .bytes(store)
    .uint(choiceIndex(directions, reverse ? 'reverse' : 'forward'))
    .uint(choiceIndex(positionKinds, position.kind))
    .bytes(position.bytes)
    .finish()
}

export interface ExpectedToken {
  readonly store: BlockAddress
  readonly reverse: boolean
  /** Of the keys listed: the place is one of them. */
  readonly prefix: Uint8Array
  readonly keyBytesMax: number
}

/** Undefined when the token is not one of this store, direction and prefix. */
export function decodePageToken(token: Uint8Array, expected: ExpectedToken): ListPosition | undefined {
  return decodeCanonical(tag, token, (reader) => {
    reader.require(equalBytes(reader.fixed(addressBytes), expected.store))
    reader.require((reader.choice(directions) === 'reverse') === expected.reverse)
    const kind = reader.choice(positionKinds)
    const bytes = reader.bytes(1, expected.keyBytesMax)
    reader.require(startsWith(bytes, expected.prefix))
    return { kind, bytes }
  })
}
