/**
 * What a request on a signed block asked for, as a digest that is kept with its outcome: a request id that comes back for something
 * else is refused instead of being answered with what another request did.
 *
 * Invariants: a request that is sent again has the same digest; of its data only the sizes are in it, so that no digest of what an
 * owner block hides is ever stored in the open.
 */

import type { BlockAddress } from '../base/address.ts'
import { CanonicalWriter, choiceIndex, recordTag } from '../base/canonical-codec.ts'
import type { Digest } from '../base/digest.ts'

/** An insertion or update carries a draft. */
export type AskedChange =
  | { readonly kind: 'insert' | 'update'; readonly draft: AskedDraft }
  | { readonly kind: 'remove'; readonly draft?: undefined }

export interface AskedDraft {
  readonly kind: 'owner' | 'named'
  readonly discriminator: Uint8Array
  readonly owner: Uint8Array
  /** -1 in the draft of a block that was never stored. */
  readonly version: bigint
  readonly generation: bigint
  readonly data: Uint8Array | undefined
  readonly plain: Uint8Array | undefined
}

const format = recordTag('memo/asked-change/1')
const changeKinds = ['insert', 'update', 'remove'] as const
const blockKinds = ['owner', 'named'] as const

export function askedChange(digest: Digest, address: BlockAddress, { kind, draft }: AskedChange): Uint8Array {
  const writer = new CanonicalWriter(format).bytes(address).uint(choiceIndex(changeKinds, kind))
  if (draft !== undefined) {
    writer.uint(choiceIndex(blockKinds, draft.kind)).bytes(draft.discriminator).bytes(draft.owner)
    writer.uint(draft.generation).int64(draft.version)
    // One more than the size, so that empty differs from absent.
    for (const part of [draft.data, draft.plain]) writer.uint(part === undefined ? 0 : part.length + 1)
  }
  return digest.sha256(writer.finish())
}
