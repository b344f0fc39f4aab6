/**
 * What nodes ask each other about copies of immutable blocks. Each request names the epoch of the asker's placement map and the data
 * directory that it is for, since only the directory that a group names can say of a block that it is not there.
 *
 * Invariants: a request or answer has exactly one encoding; lists are bounded; answers to lists have an item for each item asked about,
 * in its order. Whether a copy is genuine, and a proof holds, is asked separately.
 */

import { assert } from '../../../shared/assert.ts'
import type { BlockAddress } from '../base/address.ts'
import { addressBytes, addressFromBytes, isImmutable } from '../base/address.ts'
import { equalBytes } from '../base/bytes.ts'
import type { CanonicalReader, RecordTag } from '../base/canonical-codec.ts'
import { CanonicalWriter, choiceIndex, decodeCanonical, recordTag } from '../base/canonical-codec.ts'
import { isHlc } from '../base/hybrid-clock.ts'
import type { ContentCopy, StorePlace } from '../block/content-block.ts'
import { decodeContentCopy } from '../block/content-block.ts'
import type { Tombstone } from '../block/removal.ts'
import { decodeTombstone, encodeTombstone } from '../block/removal.ts'

const putTag = recordTag('memo/content-put/1')
const getTag = recordTag('memo/content-get/1')
const lookTag = recordTag('memo/content-look/1')
const removeTag = recordTag('memo/content-remove/1')
const storedTag = recordTag('memo/content-stored/1')
const foundTag = recordTag('memo/content-found/1')
const seenTag = recordTag('memo/content-seen/1')

/** Addresses that one request asks about. */
export const lookAddressesMax = 512
/** Candidates that one request renews or brings. */
export const candidatesMax = 512
const storeBytes = 16
const keyBytesMax = 65_535

export interface ContentCallHead {
  readonly epoch: number
  /** The data directory that is asked. */
  readonly storeId: Uint8Array
}

/** Another due time for the candidate of a stored block. */
export interface CandidateRenewal {
  readonly address: BlockAddress
  readonly due: bigint
  /** Undefined where the block needs no candidate any more. */
  readonly next: bigint | undefined
}

/** A block of a store that may have to go, unless its key still names it. */
export interface CollectCandidate {
  readonly due: bigint
  readonly address: BlockAddress
  readonly place: StorePlace
}

export type ContentPut = ContentCallHead &
  (
    | {
        readonly kind: 'copy'
        readonly copy: ContentCopy
        /** The record of the copy. */
        readonly bytes: Uint8Array
        /** When the copy's candidate for collection is due; undefined where it needs none. Only for values of a store. */
        readonly due: bigint | undefined
      }
    | { readonly kind: 'renewal'; readonly place: StorePlace; readonly renewals: readonly CandidateRenewal[] }
  )
const putKinds = ['copy', 'renewal'] as const

export type ContentGet = ContentCallHead & { readonly address: BlockAddress }
export type ContentLook = ContentCallHead & { readonly addresses: readonly BlockAddress[] }

export type ContentRemove = ContentCallHead &
  (
    | { readonly kind: 'removal'; readonly tombstone: Tombstone }
    | { readonly kind: 'collection'; readonly candidates: readonly CollectCandidate[] }
  )
const removeKinds = ['removal', 'collection'] as const

const storedKinds = ['done', 'missing', 'removed', 'newer'] as const
/**
 * What became of a change. `missing`: there is no copy to which it applies, or it may be gone already; `removed`: the block was removed
 * at the stamp or later than this copy was born; `newer`: the copy was written after the removal.
 */
export interface StoredOutcome {
  readonly kind: (typeof storedKinds)[number]
  /** Of the removal or the copy that is in the way; 0 otherwise. */
  readonly stamp: bigint
}

export const doneOutcome: StoredOutcome = { kind: 'done', stamp: 0n }
export const missingOutcome: StoredOutcome = { kind: 'missing', stamp: 0n }

const foundKinds = ['copy', 'absent', 'removed', 'damaged'] as const
export type ContentFinding =
  | { readonly kind: 'copy'; readonly copy: ContentCopy; readonly bytes: Uint8Array }
  | { readonly kind: 'removed'; readonly tombstone: Tombstone }
  | { readonly kind: 'absent' }
  | { readonly kind: 'damaged' }

/** What a member has at an address, without a look at its bytes. */
export type ContentSight = (typeof foundKinds)[number]

export function encodeContentPut(put: ContentPut): Uint8Array {
  if (put.kind === 'copy') {
    const { copy, bytes, due } = put
    assert(due === undefined || (due > 0n && copy.header.place !== undefined), 'a candidate is of the value of a store')
    const writer = headed(putTag, put, 96 + bytes.length).uint(choiceIndex(putKinds, put.kind))
    return writer
      .bytes(copy.address)
      .uint(due ?? 0n)
      .bytes(bytes)
      .finish()
  }
  const { place, renewals } = put
  assert(renewals.length <= candidatesMax, 'a request renews as many candidates as it may')
  return headed(putTag, put, 160 + place.key.length + renewals.length * 56)
    .uint(choiceIndex(putKinds, put.kind))
    .bytes(place.page)
    .bytes(place.key)
    .list(renewals, ({ address, due, next }, item) =>
      item
        .bytes(address)
        .uint(due)
        .uint(next ?? 0n),
    )
    .finish()
}

export function decodeContentPut(bytes: Uint8Array): ContentPut | undefined {
  return decodeCanonical(putTag, bytes, (reader): ContentPut => {
    const head = readHead(reader)
    const kind = reader.choice(putKinds)
    if (kind === 'renewal') {
      const place = readPlace(reader)
      const renewals = reader.list(candidatesMax, (item) => {
        const renewal = { address: readAddress(item), due: readStamp(item), next: item.uint64() || undefined }
        item.require(renewal.next === undefined || isHlc(renewal.next))
        return renewal
      })
      return { ...head, kind, place, renewals }
    }
    const address = readAddress(reader)
    const due = reader.uint64() || undefined
    const record = reader.bytes()
    const copy = decodeContentCopy(address, record)
    reader.require(copy !== undefined && (due === undefined || (isHlc(due) && copy.header.place !== undefined)))
    assert(copy !== undefined, 'a copy was required')
    return { ...head, kind, copy, bytes: record, due }
  })
}

export function encodeContentGet(get: ContentGet): Uint8Array {
  return headed(getTag, get, 96).bytes(get.address).finish()
}

export function decodeContentGet(bytes: Uint8Array): ContentGet | undefined {
  return decodeCanonical(getTag, bytes, (reader) => ({ ...readHead(reader), address: readAddress(reader) }))
}

export function encodeContentLook(look: ContentLook): Uint8Array {
  assert(look.addresses.length <= lookAddressesMax, 'a request asks about as many addresses as it may')
  return headed(lookTag, look, 96 + look.addresses.length * 33)
    .list(look.addresses, (address, item) => item.bytes(address))
    .finish()
}

export function decodeContentLook(bytes: Uint8Array): ContentLook | undefined {
  return decodeCanonical(lookTag, bytes, (reader) => ({
    ...readHead(reader),
    addresses: reader.list(lookAddressesMax, readAddress),
  }))
}

export function encodeContentRemove(remove: ContentRemove): Uint8Array {
  const writer = headed(removeTag, remove, 512).uint(choiceIndex(removeKinds, remove.kind))
  if (remove.kind === 'removal') return writer.bytes(encodeTombstone(remove.tombstone)).finish()
  assert(remove.candidates.length <= candidatesMax, 'a request brings as many candidates as it may')
  return writer
    .list(remove.candidates, ({ due, address, place }, item) => item.uint(due).bytes(address).bytes(place.page).bytes(place.key))
    .finish()
}

export function decodeContentRemove(bytes: Uint8Array): ContentRemove | undefined {
  return decodeCanonical(removeTag, bytes, (reader): ContentRemove => {
    const head = readHead(reader)
    const kind = reader.choice(removeKinds)
    if (kind === 'removal') return { ...head, kind, tombstone: readTombstone(reader) }
    const candidates = reader.list(candidatesMax, (item) => {
      const due = readStamp(item)
      return { due, address: readAddress(item), place: readPlace(item) }
    })
    return { ...head, kind, candidates }
  })
}

export function encodeStoredOutcomes(outcomes: readonly StoredOutcome[]): Uint8Array {
  return new CanonicalWriter(storedTag, 32 + outcomes.length * 4)
    .list(outcomes, ({ kind, stamp }, item) => item.uint(choiceIndex(storedKinds, kind)).uint(stamp))
    .finish()
}

/** The outcomes of this many changes; undefined when the bytes are not that. */
export function decodeStoredOutcomes(bytes: Uint8Array, count: number): readonly StoredOutcome[] | undefined {
  return decodeCanonical(storedTag, bytes, (reader) => {
    const outcomes = reader.list(count, (item): StoredOutcome => ({ kind: item.choice(storedKinds), stamp: item.uint64() }))
    reader.require(outcomes.length === count && outcomes.every(({ stamp }) => isHlc(stamp)))
    return outcomes
  })
}

export function encodeContentFinding(finding: ContentFinding): Uint8Array {
  const size = finding.kind === 'copy' ? 64 + finding.bytes.length : 384
  const writer = new CanonicalWriter(foundTag, size).uint(choiceIndex(foundKinds, finding.kind))
  if (finding.kind === 'copy') writer.bytes(finding.bytes)
  if (finding.kind === 'removed') writer.bytes(encodeTombstone(finding.tombstone))
  return writer.finish()
}

/** What was found at this address. */
export function decodeContentFinding(address: BlockAddress, bytes: Uint8Array): ContentFinding | undefined {
  return decodeCanonical(foundTag, bytes, (reader): ContentFinding => {
    const kind = reader.choice(foundKinds)
    if (kind === 'removed') {
      const tombstone = readTombstone(reader)
      reader.require(equalBytes(tombstone.proof.address, address))
      return { kind, tombstone }
    }
    if (kind !== 'copy') return { kind }
    const record = reader.bytes()
    const copy = decodeContentCopy(address, record)
    reader.require(copy !== undefined)
    assert(copy !== undefined, 'a copy was required')
    return { kind, copy, bytes: record }
  })
}

export function encodeContentSights(sights: readonly ContentSight[]): Uint8Array {
  return new CanonicalWriter(seenTag, 32 + sights.length * 2)
    .list(sights, (sight, item) => item.uint(choiceIndex(foundKinds, sight)))
    .finish()
}

/** What is at this many addresses; undefined when the bytes are not that. */
export function decodeContentSights(bytes: Uint8Array, count: number): readonly ContentSight[] | undefined {
  return decodeCanonical(seenTag, bytes, (reader) => {
    const sights = reader.list(count, (item) => item.choice(foundKinds))
    reader.require(sights.length === count)
    return sights
  })
}

function headed(tag: RecordTag, { epoch, storeId }: ContentCallHead, bytesExpected: number): CanonicalWriter {
  assert(storeId.length === storeBytes, 'a data directory has 16 bytes')
  return new CanonicalWriter(tag, bytesExpected).uint(epoch).bytes(storeId)
}

function readHead(reader: CanonicalReader): ContentCallHead {
  return { epoch: reader.uint(), storeId: reader.fixed(storeBytes) }
}

function readAddress(reader: CanonicalReader): BlockAddress {
  const address = addressFromBytes(reader.fixed(addressBytes))
  reader.require(address !== undefined && isImmutable(address))
  assert(address !== undefined, 'an address was required')
  return address
}

function readPlace(reader: CanonicalReader): StorePlace {
  const page = addressFromBytes(reader.fixed(addressBytes))
  assert(page !== undefined, 'the length was checked')
  return { page, key: reader.bytes(0, keyBytesMax) }
}

function readStamp(reader: CanonicalReader): bigint {
  const stamp = reader.uint64()
  reader.require(stamp > 0n && isHlc(stamp))
  return stamp
}

function readTombstone(reader: CanonicalReader): Tombstone {
  const tombstone = reader.record(decodeTombstone)
  const { address, generation, version } = tombstone.proof
  reader.require(isImmutable(address) && generation === 0n && version === 0n)
  return tombstone
}
