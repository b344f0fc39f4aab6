import { CodedError } from '../../../shared/coded-error.ts'
import { isTakenOut } from '../../core/access/revocation.ts'
import { equalBytes } from '../../core/base/bytes.ts'
import { CanonicalWriter, decodeCanonical, recordTag } from '../../core/base/canonical-codec.ts'
import { encodeText } from '../../core/base/text.ts'
import { placeOf } from '../../core/overlay/placement-map.ts'
import type { RecordStore, RecordWrite } from '../../ports/record-store.ts'
import type { NetworkFacts } from './network-facts.ts'

const format = recordTag('memo/local-removal/1')
const removalKey = encodeText('removal')
const hows = ['left', 'evicted'] as const

/** How a node went out of its network for good: it takes part no more, nor does a later start. */
export interface NetworkRemoval {
  readonly how: (typeof hows)[number]
  /** Of the map that named it no more, as far as it knows. */
  readonly epoch: number
}

/** This node is not of its network any more. */
export function writeRemoval(nodeId: Uint8Array, { how, epoch }: NetworkRemoval): RecordWrite {
  const value = new CanonicalWriter(format).bytes(nodeId).uint(hows.indexOf(how)).uint(epoch).finish()
  return { kind: 'put', family: 'local', key: removalKey, value }
}

/** What a store wrote down of the removal of this node. Throws CodedError `store-damaged`. */
async function readRemoval(store: RecordStore, nodeId: Uint8Array): Promise<NetworkRemoval | undefined> {
  const bytes = await store.get('local', removalKey)
  if (bytes === undefined) return undefined
  const found = decodeCanonical(format, bytes, (reader) => ({
    nodeId: reader.fixed(32),
    how: reader.choice(hows),
    epoch: reader.uint(),
  }))
  if (found === undefined) {
    throw new CodedError('store-damaged', 'the record of a removal (family local, key removal) cannot be read')
  }
  return equalBytes(found.nodeId, nodeId) ? { how: found.how, epoch: found.epoch } : undefined
}

/** Undefined where the newest map names the node, or nothing says that one ever did. */
export async function removalAt(
  store: RecordStore,
  facts: NetworkFacts,
  nodeId: Uint8Array,
): Promise<NetworkRemoval | undefined> {
  const kept = await readRemoval(store, nodeId)
  if (kept !== undefined) return kept
  const removal = removalIn(facts, nodeId)
  const wasOfNetwork = isTakenOut(nodeId, facts.admission.revocations) || facts.maps.some((map) => placeOf(map, nodeId))
  return wasOfNetwork ? removal : undefined
}

/** By what the network says of a node that was of it. Undefined where the newest map names it. */
export function removalIn({ placement, admission }: NetworkFacts, nodeId: Uint8Array): NetworkRemoval | undefined {
  if (placeOf(placement, nodeId) !== undefined) return undefined
  return { how: isTakenOut(nodeId, admission.revocations) ? 'evicted' : 'left', epoch: placement.epoch }
}
