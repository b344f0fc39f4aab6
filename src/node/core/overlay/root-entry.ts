/**
 * What a slot of the root's log holds: changes of sections by one node of the network, decided together.
 *
 * Invariants: all of them fit or none is made; a change names the version that it makes, so that one which was decided on older sections
 * than these never fits; every member arrives at the same sections.
 */

import { assert } from '../../../shared/assert.ts'
import { toHex } from '../base/bytes.ts'
import type { CanonicalReader } from '../base/canonical-codec.ts'
import { CanonicalWriter, decodeCanonical, recordTag } from '../base/canonical-codec.ts'
import { isHlc } from '../base/hybrid-clock.ts'
import type { BlockRecord, MapHead } from '../consensus/block-record.ts'
import { sessionBytes } from '../consensus/outcome.ts'
import type { RootSection } from './root-section.ts'
import { encodeRootSection } from './root-section.ts'

const entryFormat = recordTag('memo/root-entry/1')
const changesMax = 64
const nameBytesMax = 512
const bodyBytesMax = 2 * 1024 * 1024

export interface SectionChange {
  readonly name: Uint8Array
  /** Undefined: the section goes. */
  readonly body: Uint8Array | undefined
  /** 0 for a section that is new, otherwise one above the version that it replaces. */
  readonly version: bigint
}

export interface RootEntry {
  /** Of the primary that proposed it. */
  readonly hlc: bigint
  /** The batch that the changing node signed: session, number, and its bytes. */
  readonly session: Uint8Array
  readonly sequence: bigint
  readonly changes: readonly SectionChange[]
  readonly signed: Uint8Array
}

/** By name, as hex digits. */
export type PresentSections = ReadonlyMap<string, RootSection>

export interface AppliedRootEntry {
  readonly record: BlockRecord
  /** What is written; undefined: the section is gone. */
  readonly sections: readonly { readonly name: Uint8Array; readonly section: RootSection | undefined }[]
  /** `conflict`: the sections were changed since; nothing is. */
  readonly result: 'done' | 'conflict'
}

export function encodeRootEntry({ hlc, session, sequence, changes, signed }: RootEntry): Uint8Array {
  let bytes = 128 + signed.length
  for (const { name, body } of changes) bytes += 32 + name.length + (body?.length ?? 0)
  return new CanonicalWriter(entryFormat, bytes)
    .uint(hlc)
    .bytes(session)
    .uint(sequence)
    .list(changes, ({ name, body, version }, item) => {
      item
        .bytes(name)
        .uint(version)
        .list(body === undefined ? [] : [body], (each, field) => field.bytes(each))
    })
    .bytes(signed)
    .finish()
}

/** Undefined when the bytes are no entry of a root. */
export function decodeRootEntry(bytes: Uint8Array): RootEntry | undefined {
  return decodeCanonical(entryFormat, bytes, (reader) => {
    const entry = {
      hlc: reader.uint64(),
      session: reader.fixed(sessionBytes),
      sequence: reader.uint64(),
      changes: reader.list(changesMax, readChange),
      signed: reader.bytes(),
    }
    reader.require(isHlc(entry.hlc) && entry.changes.length > 0)
    return entry
  })
}

function readChange(reader: CanonicalReader): SectionChange {
  const name = reader.bytes(1, nameBytesMax)
  const version = reader.uint64()
  const [body] = reader.list(1, (item) => item.bytes(0, bodyBytesMax))
  return { name, body, version }
}

export function applyRootEntry(record: BlockRecord, entry: RootEntry, present: PresentSections): AppliedRootEntry {
  assert(record.state.kind === 'map' && record.state.head.page === 'root', 'an entry of a root meets a root')
  const { head } = record.state
  const fits = entry.changes.every((change) => isNext(present.get(toHex(change.name)), change))
  if (!fits) return { record, sections: [], result: 'conflict' }
  const { session, sequence } = entry
  const first = entry.hlc > head.revisionFloor ? entry.hlc : head.revisionFloor + 1n
  let revision = first
  let { recordCount, recordBytes } = head
  const sections = entry.changes.map(({ name, body, version }) => {
    const before = present.get(toHex(name))
    if (before !== undefined) {
      recordCount--
      recordBytes -= name.length + encodeRootSection(before).length
    }
    if (body === undefined) return { name, section: undefined }
    const section: RootSection = { version, revision: revision++, session, sequence, body }
    recordCount++
    recordBytes += name.length + encodeRootSection(section).length
    return { name, section }
  })
  const next: MapHead = {
    ...head,
    recordCount,
    recordBytes,
    revisionFloor: revision > first ? revision - 1n : first,
    origins: [{ session, sequence, issued: entry.hlc }],
    originFloor: later(entry.hlc, head.originFloor),
    lastBatch: entry.signed,
  }
  const version = record.version + 1n
  return { record: { ...record, version, state: { kind: 'map', head: next } }, sections, result: 'done' }
}

function isNext(before: RootSection | undefined, { version }: SectionChange): boolean {
  return before === undefined ? version === 0n : version === before.version + 1n
}

function later(left: bigint, right: bigint): bigint {
  if (left > right) return left
  return right
}
