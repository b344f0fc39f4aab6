import { CodedError } from '../../../shared/coded-error.ts'
import { CanonicalWriter, decodeCanonical, recordTag } from '../../core/base/canonical-codec.ts'
import { decodeText, encodeText } from '../../core/base/text.ts'
import type { RecordStore, RecordWrite } from '../../ports/record-store.ts'

const format = recordTag('memo/local-network/1')
const networkKey = encodeText('network')
const joiningFormat = recordTag('memo/local-joining/1')
const joiningKey = encodeText('joining')

/** Which network this data directory belongs to: the one local fact from which everything else is found and verified. */
export interface NetworkRecord {
  readonly networkId: Uint8Array
  /** Forced recoveries of this node's groups so far. */
  readonly recovery: number
}

export function writeNetworkRecord(record: NetworkRecord): RecordWrite {
  const value = new CanonicalWriter(format).bytes(record.networkId).uint(record.recovery).finish()
  return { kind: 'put', family: 'local', key: networkKey, value }
}

/** This data directory is to join the network of this name: it founds none of its own. Gone with the join, in one batch. */
export function writeJoining(networkName: string): RecordWrite {
  const value = new CanonicalWriter(joiningFormat).bytes(encodeText(networkName)).finish()
  return { kind: 'put', family: 'local', key: joiningKey, value }
}

export const joiningEnded: RecordWrite = { kind: 'delete', family: 'local', key: joiningKey }

/** The name of the network that the store was to join and has not joined yet. */
export async function readJoining(store: RecordStore): Promise<string | undefined> {
  const bytes = await store.get('local', joiningKey)
  return bytes && (decodeCanonical(joiningFormat, bytes, (reader) => decodeText(reader.bytes())) ?? '')
}

/** Undefined in a store that belongs to no network yet. Throws CodedError `store-damaged`. */
export async function readNetworkRecord(store: RecordStore): Promise<NetworkRecord | undefined> {
  const bytes = await store.get('local', networkKey)
  if (bytes === undefined) return undefined
  const record = decodeCanonical(format, bytes, (reader) => ({ networkId: reader.fixed(32), recovery: reader.uint() }))
  if (record !== undefined) return record
  throw new CodedError('store-damaged', 'the record that names the network (family local, key network) cannot be read')
}
