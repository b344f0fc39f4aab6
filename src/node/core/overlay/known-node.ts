/**
 * What a node keeps of another one on its disk: its newest record, and how far each of its data directories was seen.
 *
 * Invariants: the record is kept as it was signed; each directory has one mark, that of the record's first.
 */

import { assert } from '../../../shared/assert.ts'
import type { NodeRecord, SignedNodeRecord } from '../access/node-record.ts'
import { decodeNodeRecord, encodeNodeRecord, nodeRecordBytesMax } from '../access/node-record.ts'
import { equalBytes, toHex } from '../base/bytes.ts'
import { CanonicalWriter, decodeCanonical, recordTag } from '../base/canonical-codec.ts'
import type { LifeMark } from './life-mark.ts'
import { markOf, raisedMark, readMark, writeMark } from './life-mark.ts'

const format = recordTag('memo/known-node/1')

/** The protocol's bound; how many a node keeps is in its limits. */
const marksMax = 16

export interface KnownNode {
  readonly record: SignedNodeRecord
  readonly marks: readonly LifeMark[]
}

/** What is known after a newer record; of many directories those that were seen last stay. */
export function knownWith(before: KnownNode | undefined, record: SignedNodeRecord, storesMax: number): KnownNode {
  const mark = before && markIn(before, record)
  const others = before?.marks.filter((other) => other !== mark) ?? []
  return { record, marks: [mark === undefined ? markOf(record) : raisedMark(mark, record), ...others].slice(0, storesMax) }
}

/** How far the directory of a record was seen. */
export function markIn(known: KnownNode, { storeId }: NodeRecord): LifeMark | undefined {
  return known.marks.find((mark) => equalBytes(mark.storeId, storeId))
}

export function encodeKnownNode({ record, marks }: KnownNode): Uint8Array {
  assert(marks.length <= marksMax, 'the directories that are remembered are within their bound')
  return new CanonicalWriter(format, 768).bytes(encodeNodeRecord(record)).list(marks, writeMark).finish()
}

/** Undefined when the bytes are no such record. Whether the node's record is genuine is asked separately. */
export function decodeKnownNode(bytes: Uint8Array): KnownNode | undefined {
  return decodeCanonical(format, bytes, (reader) => {
    const known = { record: reader.record(decodeNodeRecord, nodeRecordBytesMax), marks: reader.list(marksMax, readMark) }
    const { record, marks } = known
    reader.require(marks[0] !== undefined && equalBytes(marks[0].storeId, record.storeId))
    reader.require(new Set(marks.map(({ storeId }) => toHex(storeId))).size === marks.length)
    return known
  })
}
