/**
 * Ties a connection to a node: the node's key signs the name of the channel, which is the hash of the key of the certificate that this
 * node presents on it. A hello that somebody passes on over a connection of its own names another channel.
 *
 * Invariant: the signature covers network, node id, channel and end; the node id is the hash of the key that signs.
 */

import { assert } from '../../../shared/assert.ts'
import { CanonicalWriter, recordTag } from '../base/canonical-codec.ts'
import type { Digest } from '../base/digest.ts'
import type { SignatureVerifier, Signer } from '../base/signing.ts'
import { sha256Bytes } from '../base/signing.ts'
import { nodeIdOf } from './user-keys.ts'

const statementTag = recordTag('memo/certificate-binding/1')

const channelBytes = 32
/** How far ahead a binding may end. */
export const bindingValidityMaxMs: number = 7 * 24 * 60 * 60_000

export interface CertificateBinding {
  /** Unix milliseconds. */
  readonly validUntilMs: number
  readonly signature: Uint8Array
}

export interface BindingTerms {
  readonly networkId: Uint8Array
  /** 32 bytes. */
  readonly channel: Uint8Array
  readonly validUntilMs: number
}

/** What the node signs. */
export function bindingStatement(
  digest: Digest,
  nodeKey: Uint8Array,
  { networkId, channel, validUntilMs }: BindingTerms,
): Uint8Array {
  return new CanonicalWriter(statementTag)
    .bytes(networkId)
    .bytes(nodeIdOf(digest, nodeKey))
    .bytes(channel)
    .uint(validUntilMs)
    .finish()
}

export function signBinding(digest: Digest, signer: Signer, terms: BindingTerms): CertificateBinding {
  assert(
    terms.networkId.length === sha256Bytes && terms.channel.length === channelBytes,
    'a binding names a network and a channel',
  )
  const { validUntilMs } = terms
  return { validUntilMs, signature: signer.sign(bindingStatement(digest, signer.publicKey, terms)) }
}

/** Whether the owner of this node key bound itself to this channel. Until when that holds is compared by the caller. */
export function isGenuineBinding(
  crypto: Digest & SignatureVerifier,
  nodeKey: Uint8Array,
  channel: { readonly networkId: Uint8Array; readonly channel: Uint8Array },
  { validUntilMs, signature }: CertificateBinding,
): boolean {
  return crypto.verify(nodeKey, bindingStatement(crypto, nodeKey, { ...channel, validUntilMs }), signature)
}
