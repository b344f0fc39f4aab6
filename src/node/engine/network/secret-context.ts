import { CanonicalWriter, recordTag } from '../../core/base/canonical-codec.ts'

const secretContextTag = recordTag('memo/network-secret/1')

/** What a sealed network secret is bound to. */
export function secretContext(networkId: Uint8Array, epoch: number): Uint8Array {
  return new CanonicalWriter(secretContextTag).bytes(networkId).uint(epoch).finish()
}
