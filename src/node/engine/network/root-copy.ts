import { CodedError } from '../../../shared/coded-error.ts'
import { toHex } from '../../core/base/bytes.ts'
import { encodeText } from '../../core/base/text.ts'
import type { RootCopy } from '../../core/overlay/named-sections.ts'
import { decodeRootCopy, encodeRootCopy } from '../../core/overlay/named-sections.ts'
import type { RecordStore, RecordWrite } from '../../ports/record-store.ts'

const copyKey = encodeText('root-copy')

/** The sections of the root as a node keeps them that is no member of its group, or was none yet when it joined. */
export function writeRootCopy(copy: RootCopy): RecordWrite {
  return { kind: 'put', family: 'local', key: copyKey, value: encodeRootCopy(copy) }
}

/** Undefined in a store that has held the root from its first start on. Throws CodedError `store-damaged`. */
export async function readRootCopy(store: RecordStore, networkId: Uint8Array): Promise<RootCopy | undefined> {
  const bytes = await store.get('local', copyKey)
  if (bytes === undefined) return undefined
  const copy = decodeRootCopy(bytes)
  if (copy !== undefined) return copy
  const message = `the copy of the root of the network ${toHex(networkId)} (family local, key root-copy) cannot be read`
  throw new CodedError('store-damaged', message, { details: { networkId: toHex(networkId) } })
}
