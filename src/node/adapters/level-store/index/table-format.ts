/**
 * LevelDB's table: data blocks, filter blocks, the block that names the filters, the index block that names the data blocks, and a
 * footer that names the last two. Each block is followed by its kind (1 byte) and the masked CRC-32C of block and kind.
 */

import { ByteCursor } from './byte-cursor.ts'
import { maskedCrc } from './masked-crc.ts'
import { unpackSnappy } from './snappy.ts'

export interface BlockHandle {
  readonly offset: number
  readonly size: number
}

export interface BlockEntry {
  readonly key: Buffer
  readonly value: Buffer
}

export const footerBytes = 48
export const trailerBytes = 5
const magic = Buffer.from('57fb808b247547db', 'hex')
const plainKind = 0
const snappyKind = 1

export interface Footer {
  readonly metaIndex: BlockHandle
  readonly index: BlockHandle
}

export function readFooter(table: Buffer): Footer | undefined {
  if (table.length < footerBytes) return undefined
  const footer = table.subarray(table.length - footerBytes)
  if (!footer.subarray(footerBytes - magic.length).equals(magic)) return undefined
  const cursor = new ByteCursor(footer.subarray(0, footerBytes - magic.length))
  const metaIndex = handleAt(cursor)
  const index = handleAt(cursor)
  const filling = footer.subarray(cursor.at, footerBytes - magic.length)
  if (cursor.failed || filling.some((byte) => byte !== 0)) return undefined
  return { metaIndex, index }
}

export function decodeHandle(value: Buffer): BlockHandle | undefined {
  const cursor = new ByteCursor(value)
  const handle = handleAt(cursor)
  return cursor.failed || cursor.at !== value.length ? undefined : handle
}

function handleAt(cursor: ByteCursor): BlockHandle {
  return { offset: cursor.varint(), size: cursor.varint() }
}

export function blockVerifies(table: Buffer, { offset, size }: BlockHandle): boolean {
  const end = offset + size
  if (end + trailerBytes > table.length) return false
  const kind = table[end]
  return (kind === plainKind || kind === snappyKind) && maskedCrc(table.subarray(offset, end + 1)) === table.readUInt32LE(end + 1)
}

/** Entries of a block in order; undefined when it does not verify or is not a block of entries. */
export function blockEntries(table: Buffer, handle: BlockHandle): readonly BlockEntry[] | undefined {
  if (!blockVerifies(table, handle)) return undefined
  const stored = table.subarray(handle.offset, handle.offset + handle.size)
  const plain = table[handle.offset + handle.size] === snappyKind ? unpackSnappy(stored) : stored
  return plain === undefined ? undefined : decodeEntries(plain)
}

/** Keys share their beginning with the key before; behind the entries lie the places where one does not, and their number. */
export function decodeEntries(block: Buffer): readonly BlockEntry[] | undefined {
  if (block.length < 4) return undefined
  const restarts = block.readUInt32LE(block.length - 4)
  const end = block.length - 4 - restarts * 4
  if (end < 0) return undefined
  const cursor = new ByteCursor(block.subarray(0, end))
  const entries: BlockEntry[] = []
  let before: Buffer = Buffer.alloc(0)
  while (!cursor.atEnd) {
    const [shared, added, valueBytes] = [cursor.varint(), cursor.varint(), cursor.varint()]
    if (shared > before.length) return undefined
    const key = Buffer.concat([before.subarray(0, shared), cursor.take(added)])
    entries.push({ key, value: cursor.take(valueBytes) })
    before = key
  }
  return cursor.failed ? undefined : entries
}
