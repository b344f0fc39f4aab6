/**
 * Whether a data directory came back older than it was: wiped, restored or copied. What such a directory promised and accepted is lost,
 * so its node takes a new store id before it votes again.
 *
 * Invariants: start and position of a directory that lost nothing never go down; a mark rises only by records that show no loss; an old
 * record that is passed on, or replayed, is no loss: only a node that itself spoke later and lower has lost something.
 */

import type { NodeRecord } from '../access/node-record.ts'
import { equalBytes } from '../base/bytes.ts'
import type { CanonicalReader } from '../base/canonical-codec.ts'
import { CanonicalWriter, decodeCanonical, recordTag } from '../base/canonical-codec.ts'
import { isHlc } from '../base/hybrid-clock.ts'
import { storeIdBytes } from '../consensus/group.ts'

const rolledBackFormat = recordTag('memo/rolled-back/1')

/** How far a data directory was. */
export interface Life {
  readonly bootCount: number
  /** Position in its journal up to which it is synced. */
  readonly syncedPosition: bigint
}

/** The furthest that was seen of one data directory of a node. */
export interface LifeMark extends Life {
  /** 16 bytes. */
  readonly storeId: Uint8Array
  /** HLC of the last record that raised it. */
  readonly issued: bigint
}

/** Told to a node whose directory came back older, by a peer that saw it further. */
export interface RolledBack {
  /** 16 bytes: the directory. */
  readonly storeId: Uint8Array
  readonly highest: Life
  /** What the node said later, and what is lower. */
  readonly seen: Life
}

/** A node's own directory, at its start and at the moment. */
export interface OwnLife extends Life {
  readonly storeId: Uint8Array
  readonly positionAtStart: bigint
}

export function markOf({ storeId, bootCount, syncedPosition, issued }: NodeRecord): LifeMark {
  return { storeId, bootCount, syncedPosition, issued }
}

/** The mark after a genuine record of the same directory that shows no loss. */
export function raisedMark(mark: LifeMark, record: NodeRecord): LifeMark {
  return {
    storeId: mark.storeId,
    bootCount: Math.max(mark.bootCount, record.bootCount),
    syncedPosition: higher(mark.syncedPosition, record.syncedPosition),
    issued: higher(mark.issued, record.issued),
  }
}

/**
 * Whether a genuine record shows that its directory, which was seen as far as the mark says, has lost something since. `inPerson`: the
 * node itself said it, in a hello.
 */
export function lossOf(mark: LifeMark, record: NodeRecord, inPerson: boolean): RolledBack | undefined {
  const isLater = record.issued > mark.issued
  const isEarlierStart = record.bootCount < mark.bootCount && (isLater || inPerson)
  const isBehind = record.syncedPosition < mark.syncedPosition
  const hasLost =
    isEarlierStart || (isBehind && (record.bootCount > mark.bootCount || (record.bootCount === mark.bootCount && isLater)))
  if (!hasLost) return undefined
  return { storeId: mark.storeId, highest: lifeOf(mark), seen: lifeOf(record) }
}

/** Whether what a node is told is about its present life: a word that was on its way while it started again is not. */
export function concerns({ storeId, highest, seen }: RolledBack, own: OwnLife): boolean {
  if (!equalBytes(storeId, own.storeId)) return false
  if (highest.bootCount > own.bootCount) return true
  if (highest.bootCount < own.bootCount) return highest.syncedPosition > own.positionAtStart
  return seen.bootCount === own.bootCount && highest.syncedPosition > seen.syncedPosition
}

export function encodeRolledBack({ storeId, highest, seen }: RolledBack): Uint8Array {
  const writer = new CanonicalWriter(rolledBackFormat, 80).bytes(storeId)
  return writeLife(writeLife(writer, highest), seen).finish()
}

/** Undefined when the bytes are no such message. */
export function decodeRolledBack(bytes: Uint8Array): RolledBack | undefined {
  return decodeCanonical(rolledBackFormat, bytes, (reader) => ({
    storeId: reader.fixed(storeIdBytes),
    highest: readLife(reader),
    seen: readLife(reader),
  }))
}

export function writeMark(mark: LifeMark, writer: CanonicalWriter): void {
  writeLife(writer.bytes(mark.storeId), mark).uint(mark.issued)
}

export function readMark(reader: CanonicalReader): LifeMark {
  const mark = { storeId: reader.fixed(storeIdBytes), ...readLife(reader), issued: reader.uint64() }
  reader.require(isHlc(mark.issued))
  return mark
}

function higher(left: bigint, right: bigint): bigint {
  if (left > right) return left
  return right
}

function lifeOf({ bootCount, syncedPosition }: Life): Life {
  return { bootCount, syncedPosition }
}

function writeLife(writer: CanonicalWriter, life: Life): CanonicalWriter {
  return writer.uint(life.bootCount).uint(life.syncedPosition)
}

function readLife(reader: CanonicalReader): Life {
  return { bootCount: reader.uint(), syncedPosition: reader.uint64() }
}
