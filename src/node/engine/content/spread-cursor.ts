/** How far this node has come in handing its blocks to the members of a placement map; a record of the family `local`. */

import type { BlockAddress } from '../../core/base/address.ts'
import { addressBytes, addressFromBytes } from '../../core/base/address.ts'
import { emptyBytes } from '../../core/base/bytes.ts'
import { CanonicalWriter, decodeCanonical, recordTag } from '../../core/base/canonical-codec.ts'
import { encodeText } from '../../core/base/text.ts'
import type { RecordStore } from '../../ports/record-store.ts'

const format = recordTag('memo/content-spread/1')
const key = encodeText('content-spread')

export interface SpreadCursor {
  readonly epoch: number
  /** The last block that was looked at; undefined before the first. */
  readonly after: BlockAddress | undefined
  /** Blocks that could not be handed on so far. */
  readonly failures: number
  /** The walk has ended without failures. */
  readonly isDone: boolean
}

export function encodeSpreadCursor({ epoch, after, failures, isDone }: SpreadCursor): Uint8Array {
  return new CanonicalWriter(format, 96)
    .uint(epoch)
    .bytes(after ?? emptyBytes)
    .uint(failures)
    .uint(isDone ? 1 : 0)
    .finish()
}

export function decodeSpreadCursor(bytes: Uint8Array): SpreadCursor | undefined {
  return decodeCanonical(format, bytes, (reader) => {
    const epoch = reader.uint()
    const field = reader.bytes(0, addressBytes)
    const after = addressFromBytes(field)
    reader.require(after !== undefined || field.length === 0)
    return { epoch, after, failures: reader.uint(), isDone: reader.uint(1) === 1 }
  })
}

/** Undefined where there is none, or none that can be read: then the walk begins anew. */
export async function readSpreadCursor(store: RecordStore): Promise<SpreadCursor | undefined> {
  const bytes = await store.get('local', key)
  return bytes && decodeSpreadCursor(bytes)
}

export async function writeSpreadCursor(store: RecordStore, cursor: SpreadCursor): Promise<void> {
  await store.commit([{ kind: 'put', family: 'local', key, value: encodeSpreadCursor(cursor) }], { space: 'reserve' })
}
