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

function decodeHandle(value: Buffer): BlockHandle | undefined {
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
  const plain = plainBlock(table, handle)
  if (plain === undefined) return undefined
  const entries: BlockEntry[] = []
  let before: Buffer = Buffer.alloc(0)
  const isWhole = visitEntries(plain, (shared, added, value) => {
    if (shared > before.length) return false
    before = Buffer.concat([before.subarray(0, shared), added])
    entries.push({ key: before, value })
    return true
  })
  return isWhole ? entries : undefined
}

/** What the entries of a block name, their keys left aside; undefined when it does not verify or names anything else. */
export function blockHandles(table: Buffer, handle: BlockHandle): readonly BlockHandle[] | undefined {
  const plain = plainBlock(table, handle)
  if (plain === undefined) return undefined
  const handles: BlockHandle[] = []
  const isWhole = visitEntries(plain, (_shared, _added, value) => {
    const named = decodeHandle(value)
    if (named !== undefined) handles.push(named)
    return named !== undefined
  })
  return isWhole ? handles : undefined
}

function plainBlock(table: Buffer, { offset, size }: BlockHandle): Buffer | undefined {
  if (!blockVerifies(table, { offset, size })) return undefined
  const stored = table.subarray(offset, offset + size)
  return table[offset + size] === snappyKind ? unpackSnappy(stored) : stored
}

/** Keys share their beginning with the key before; behind the entries lie the places where one does not, and their number. */
function visitEntries(block: Buffer, visit: (shared: number, added: Buffer, value: Buffer) => boolean): boolean {
  if (block.length < 4) return false
  const restarts = block.readUInt32LE(block.length - 4)
  const end = block.length - 4 - restarts * 4
  if (end < 0) return false
  const cursor = new ByteCursor(block.subarray(0, end))
  while (!cursor.atEnd) {
    const shared = cursor.varint()
    const addedBytes = cursor.varint()
    const valueBytes = cursor.varint()
    if (!visit(shared, cursor.take(addedBytes), cursor.take(valueBytes))) return false
  }
  return !cursor.failed
}
