/**
 * A call to the primary of a block, and what comes back: its answer, or who should be asked instead. docs/PROTOCOL.md, Routes.
 *
 * Invariant: whoever answers `elsewhere` or `lost` says nothing about the block's state, only where to look or that the call may have been
 * carried out.
 */

import { assert } from '../../../shared/assert.ts'
import type { BlockAddress } from '../base/address.ts'
import { addressBytes, addressFromBytes, isImmutable } from '../base/address.ts'
import type { CanonicalReader } from '../base/canonical-codec.ts'
import { CanonicalWriter, choiceIndex, decodeCanonical, recordTag } from '../base/canonical-codec.ts'

const callFormat = recordTag('memo/routed-call/1')
const answerFormat = recordTag('memo/routed-answer/1')

/** A kind keeps its place for ever. */
export const routedKinds = [
  'page-change',
  'page-read',
  'page-list',
  'block-read',
  'block-change',
  'root-change',
  'root-read',
  'page-settle',
  /** Of any member that has a copy of the block, not of its primary alone. */
  'copy',
  'confirmed-index',
] as const
export type RoutedKind = (typeof routedKinds)[number]

const answerKinds = ['answered', 'elsewhere', 'lost'] as const
const bytesMax = 10 * 1024 * 1024
const membersMax = 9
const nodeIdBytes = 32
const storeIdBytes = 16

export interface RoutedRequest {
  readonly address: BlockAddress
  readonly kind: RoutedKind
  /** The asker had no answer of who should lead. */
  readonly primaryFailed: boolean
  readonly body: Uint8Array
}

/** A member of a group, as core/consensus names it. */
export interface RoutedMember {
  readonly nodeId: Uint8Array
  readonly storeId: Uint8Array
}

export type RoutedAnswer =
  | { readonly kind: 'answered'; readonly body: Uint8Array }
  | { readonly kind: 'elsewhere'; readonly members: readonly RoutedMember[]; readonly ahead: RoutedMember | undefined }
  | { readonly kind: 'lost' }

export function encodeRoutedRequest({ address, kind, primaryFailed, body }: RoutedRequest): Uint8Array {
  return new CanonicalWriter(callFormat, 96 + body.length)
    .bytes(address)
    .uint(choiceIndex(routedKinds, kind))
    .uint(primaryFailed ? 1 : 0)
    .bytes(body)
    .finish()
}

export function decodeRoutedRequest(bytes: Uint8Array): RoutedRequest | undefined {
  return decodeCanonical(callFormat, bytes, (reader) => {
    const address = addressFromBytes(reader.fixed(addressBytes))
    reader.require(address !== undefined && !isImmutable(address))
    assert(address !== undefined, 'an address was required')
    return { address, kind: reader.choice(routedKinds), primaryFailed: reader.uint(1) === 1, body: reader.bytes(0, bytesMax) }
  })
}

export function encodeRoutedAnswer(answer: RoutedAnswer): Uint8Array {
  const bytes = answer.kind === 'answered' ? 64 + answer.body.length : 640
  const writer = new CanonicalWriter(answerFormat, bytes).uint(choiceIndex(answerKinds, answer.kind))
  if (answer.kind === 'answered') writer.bytes(answer.body)
  if (answer.kind !== 'elsewhere') return writer.finish()
  return writer
    .list(answer.members, writeRoutedMember)
    .list(answer.ahead === undefined ? [] : [answer.ahead], writeRoutedMember)
    .finish()
}

export function decodeRoutedAnswer(bytes: Uint8Array): RoutedAnswer | undefined {
  return decodeCanonical(answerFormat, bytes, (reader): RoutedAnswer => {
    const kind = reader.choice(answerKinds)
    if (kind === 'answered') return { kind, body: reader.bytes(0, bytesMax) }
    if (kind === 'lost') return { kind }
    const members = reader.list(membersMax, readRoutedMember)
    const [ahead] = reader.list(1, readRoutedMember)
    return { kind, members, ahead }
  })
}

export function writeRoutedMember({ nodeId, storeId }: RoutedMember, writer: CanonicalWriter): void {
  writer.bytes(nodeId).bytes(storeId)
}

export function readRoutedMember(reader: CanonicalReader): RoutedMember {
  return { nodeId: reader.fixed(nodeIdBytes), storeId: reader.fixed(storeIdBytes) }
}
