/**
 * The sections of a network's root block: one entry each, by name, with its bytes inline. Names end in a number or a name where a
 * section has several.
 *
 * Invariants: a section's version grows by one with each change; its batch says which signed batch wrote it last, and its bytes hash
 * to the digest that this batch names.
 */

import { toHex } from '../base/bytes.ts'
import { CanonicalWriter, decodeCanonical, recordTag } from '../base/canonical-codec.ts'
import { decodeText, encodeText } from '../base/text.ts'
import type { Member } from '../consensus/group.ts'

const sectionFormat = recordTag('memo/root-section/1')

export interface RootSection {
  readonly version: bigint
  /** HLC of the change. */
  readonly revision: bigint
  /** The batch that wrote it: session of its origin, and number. */
  readonly session: Uint8Array
  readonly sequence: bigint
  readonly body: Uint8Array
}

export const rootSectionNames = {
  descriptor: encodeText('descriptor'),
  policies: encodeText('policies'),
  admission: encodeText('admission'),
  featureLevel: encodeText('feature-level'),
} as const

/** What the names of sections begin with that there are several of. */
export const placementPrefix = encodeText('placement/')
export const keyRingPrefix = encodeText('keyring/')
export const storePrefix = encodeText('stores/')
export const settledPrefix = encodeText('settled/')
export const recoveryPrefix = encodeText('recovery/')

/** The placement map of one epoch; the newest one holds, older ones stay while their epoch is open. */
export function placementSection(epoch: number): Uint8Array {
  return encodeText(`placement/${epoch}`)
}

export function keyRingSection(secretEpoch: number): Uint8Array {
  return encodeText(`keyring/${secretEpoch}`)
}

/** Up to which epoch a data directory of the map has moved what it holds. */
export function settledSection({ nodeId, storeId }: Member): Uint8Array {
  return encodeText(`settled/${toHex(nodeId)}/${toHex(storeId)}`)
}

/** A forced recovery of the network, by its number. */
export function recoverySection(number: number): Uint8Array {
  return encodeText(`recovery/${number}`)
}

/** The default store has the empty name. */
export function storeSection(store: string): Uint8Array {
  return encodeText(`stores/${store}`)
}

/** What follows the prefix in a section's name; undefined when that is no text. */
export function sectionSuffix(name: Uint8Array, prefix: Uint8Array): string | undefined {
  return decodeText(name.subarray(prefix.length))
}

export function encodeRootSection(section: RootSection): Uint8Array {
  return new CanonicalWriter(sectionFormat, 96 + section.body.length)
    .uint(section.version)
    .uint(section.revision)
    .bytes(section.session)
    .uint(section.sequence)
    .bytes(section.body)
    .finish()
}

/** Undefined when the bytes are no section. */
export function decodeRootSection(bytes: Uint8Array): RootSection | undefined {
  return decodeCanonical(sectionFormat, bytes, (reader) => ({
    version: reader.uint64(),
    revision: reader.uint64(),
    session: reader.fixed(16),
    sequence: reader.uint64(),
    body: reader.bytes(),
  }))
}
