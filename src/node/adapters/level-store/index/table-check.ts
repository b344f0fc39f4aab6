/** Verifies one table whole. Its blocks have to lie one behind the other from its first byte to its footer: no byte goes unread. */

import type { BlockHandle } from './table-format.ts'
import { blockHandles, blockVerifies, footerBytes, readFooter, trailerBytes } from './table-format.ts'

export interface Damage {
  readonly offset: number
  readonly reason: string
}

export type TableOutline =
  | {
      readonly kind: 'blocks'
      readonly data: readonly BlockHandle[]
      readonly filters: readonly BlockHandle[]
      /** Names the data blocks, each by a key that none of its own is above. */
      readonly index: BlockHandle
    }
  | { readonly kind: 'damaged'; readonly damage: Damage }

export function checkTable(table: Buffer, size: number): readonly Damage[] {
  if (table.length !== size) return [{ offset: Math.min(table.length, size), reason: `${table.length} bytes instead of ${size}` }]
  const outline = outlineTable(table)
  if (outline.kind === 'damaged') return [outline.damage]
  return [...outline.data, ...outline.filters]
    .filter((block) => !blockVerifies(table, block))
    .map(({ offset }) => ({ offset, reason: 'a block does not match its checksum' }))
}

/** Where the blocks lie. Footer and the two blocks that name the others are verified here. */
export function outlineTable(table: Buffer): TableOutline {
  const footer = readFooter(table)
  if (footer === undefined) return damagedAt(Math.max(0, table.length - footerBytes), 'the footer is not readable')
  const { index, metaIndex } = footer
  const data = blockHandles(table, index)
  if (data === undefined) return damagedAt(index.offset, 'the index block does not match its checksum')
  const filters = blockHandles(table, metaIndex)
  if (filters === undefined) return damagedAt(metaIndex.offset, 'the block of filters does not match its checksum')
  let end = 0
  for (const { offset, size } of [...data, ...filters, metaIndex, index]) {
    if (offset !== end) return damagedAt(end, 'the blocks do not follow each other')
    end = offset + size + trailerBytes
  }
  if (end + footerBytes !== table.length) return damagedAt(end, 'the blocks do not reach to the footer')
  return { kind: 'blocks', data, filters, index }
}

function damagedAt(offset: number, reason: string): TableOutline {
  return { kind: 'damaged', damage: { offset, reason } }
}
