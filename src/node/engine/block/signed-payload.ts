import { assert } from '../../../shared/assert.ts'
import type { BlockAddress } from '../../core/base/address.ts'
import { emptyBytes, equalBytes } from '../../core/base/bytes.ts'
import { ownerPayloadContext } from '../../core/block/owner-block.ts'
import { openSealed, sealTo } from '../../core/block/sealing.ts'
import type { SignedVersion } from '../../core/block/signed-version.ts'
import type { BlockParts } from './block-parts.ts'
import type { SignedDraft } from './draft-checks.ts'
import { invalid } from './draft-checks.ts'
import { openPayload } from './signed-block-state.ts'

/** What a first version stores of its draft: owner blocks are sealed to their owner. */
export function insertedPayload(parts: BlockParts, { kind, address, data, plain }: SignedDraft): Uint8Array {
  if (kind === 'named') return data ?? emptyBytes
  if (data === undefined || data.length === 0) return seal(parts, address, plain ?? emptyBytes)
  if (plain !== undefined) throw invalid('the block carries sealed data and readable data; send one of them')
  const { crypto, user, networkId } = parts
  const opened = openSealed(crypto, user.agreement, ownerPayloadContext(networkId, address), data)
  if (opened === undefined) throw invalid("the sealed data of a block is not the caller's to make; send the readable data")
  return seal(parts, address, opened)
}

export function updatedPayload(
  parts: BlockParts,
  { kind, address, data, plain }: SignedDraft,
  current: SignedVersion,
): Uint8Array {
  if (kind === 'named') return data ?? emptyBytes
  const keepsData = data === undefined || data.length === 0 || equalBytes(data, current.payload)
  if (plain !== undefined && keepsData) return seal(parts, address, plain)
  throw invalid("the sealed data of a block is not the caller's to change; send the readable data")
}

/** The same bytes again: the answer to an earlier update was lost, or nothing was changed. */
export function carriesNothingNew(parts: BlockParts, { kind, data, plain }: SignedDraft, current: SignedVersion): boolean {
  const sameData = data !== undefined && equalBytes(data, current.payload)
  if (kind === 'named' || plain === undefined) return sameData || (data === undefined && plain === undefined)
  return equalBytes(plain, openPayload(parts, current))
}

/** A handle that came from a Fetch has the signature of its version; one of another version is told by its numbers. */
export function carriesItsSignature({ version, generation, signature }: SignedDraft, current: SignedVersion): boolean {
  if (signature === undefined || version !== current.version) return true
  return (generation !== 0n && generation !== current.generation) || equalBytes(signature, current.signature)
}

function seal({ crypto, random, user, networkId }: BlockParts, address: BlockAddress, plain: Uint8Array): Uint8Array {
  const ephemeral = crypto.agreementKey(random.bytes(32))
  const sealed = sealTo(crypto, user.agreement.publicKey, ephemeral, ownerPayloadContext(networkId, address), plain)
  assert(sealed !== undefined, "the user's own key can be sealed to")
  return sealed
}
