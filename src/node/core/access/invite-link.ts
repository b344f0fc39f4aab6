/**
 * The link that invites a node to a network: which network, whose key the inviting node has, where it is reached, and a token that
 * admits. Who holds the link can ask to join; the hash of the key is whole, so that nobody else can take the inviter's place.
 *
 * Invariants: a link has one text, and every other text is refused with a reason; the token is kept only as its hash.
 */

import { assert } from '../../../shared/assert.ts'
import { fromBase64url, toBase64url } from '../base/base64url.ts'
import { startsWith } from '../base/bytes.ts'
import { CanonicalWriter, decodeCanonical, recordTag } from '../base/canonical-codec.ts'
import type { Digest } from '../base/digest.ts'
import { sha256Bytes } from '../base/signing.ts'
import { encodeText, textBytesLength } from '../base/text.ts'
import { endpointBytesMax, endpointsMax, isEndpoint } from './endpoint.ts'
import { networkNameBytesMax } from './network-descriptor.ts'

const linkFormat = recordTag('memo/invite-link/1')
const tokenTag = recordTag('memo/invite-token/1')
/** What the bytes of links of every version begin with, behind the length of the tag. */
const anyLinkTag = encodeText('memo/invite-link/')

const linkStart = 'memo://join/'
export const inviteTokenBytes = 16
/** Characters of a whole link; 8 endpoints of full length and the longest name need fewer. */
export const inviteLinkCharactersMax = 4096

export interface InviteLink {
  readonly networkId: Uint8Array
  readonly networkName: string
  /** SHA-256 of the inviting node's public key, all 32 bytes of it. */
  readonly inviter: Uint8Array
  /** `host:port`, at least one. */
  readonly endpoints: readonly string[]
  /** 16 random bytes. */
  readonly token: Uint8Array
}

export type InviteLinkFault = 'no-invite' | 'too-long' | 'incomplete' | 'newer'

/** For the person who gave the text. */
const faultTexts: Readonly<Record<InviteLinkFault, string>> = {
  'no-invite': `this is no invite: an invite begins with ${linkStart}`,
  'too-long': 'this is longer than any invite: something else was copied with it',
  incomplete: 'this invite is incomplete or was changed on its way: copy all of it once more',
  newer: 'this invite was made by a newer version of memo: update memo here first',
}

export type ParsedInviteLink =
  | { readonly kind: 'invite'; readonly invite: InviteLink }
  | { readonly kind: 'refused'; readonly reason: InviteLinkFault; readonly message: string }

export function formatInviteLink(invite: InviteLink): string {
  assert(isWellFormed(invite), 'an invite is well-formed')
  const bytes = new CanonicalWriter(linkFormat)
    .bytes(invite.networkId)
    .text(invite.networkName)
    .bytes(invite.inviter)
    .list(invite.endpoints, (endpoint, item) => item.text(endpoint))
    .bytes(invite.token)
    .finish()
  return linkStart + toBase64url(bytes)
}

/** White space around the link, which comes along when people copy, does not count. */
export function parseInviteLink(text: string): ParsedInviteLink {
  if (text.length > inviteLinkCharactersMax) return refused('too-long')
  const link = text.trim()
  if (!link.startsWith(linkStart)) return refused('no-invite')
  const bytes = fromBase64url(link.slice(linkStart.length))
  if (bytes === undefined) return refused('incomplete')
  const invite = decodeInvite(bytes)
  if (invite !== undefined) return { kind: 'invite', invite }
  const isWholeTag = bytes.length > (bytes[0] ?? 0)
  const isNewer = isWholeTag && startsWith(bytes.subarray(1), anyLinkTag) && !startsWith(bytes, linkFormat.field)
  return refused(isNewer ? 'newer' : 'incomplete')
}

/** What the network keeps of a token. */
export function inviteTokenHash(digest: Digest, token: Uint8Array): Uint8Array {
  assert(token.length === inviteTokenBytes, 'a token has 16 bytes')
  return digest.sha256(new CanonicalWriter(tokenTag).bytes(token).finish())
}

function decodeInvite(bytes: Uint8Array): InviteLink | undefined {
  return decodeCanonical(linkFormat, bytes, (reader) => {
    const invite = {
      networkId: reader.fixed(sha256Bytes),
      networkName: reader.text(networkNameBytesMax),
      inviter: reader.fixed(sha256Bytes),
      endpoints: reader.list(endpointsMax, (item) => item.text(endpointBytesMax)),
      token: reader.fixed(inviteTokenBytes),
    }
    reader.require(isWellFormed(invite))
    return invite
  })
}

function isWellFormed({ networkId, networkName, inviter, endpoints, token }: InviteLink): boolean {
  return (
    networkId.length === sha256Bytes &&
    textBytesLength(networkName) <= networkNameBytesMax &&
    inviter.length === sha256Bytes &&
    endpoints.length >= 1 &&
    endpoints.length <= endpointsMax &&
    endpoints.every(isEndpoint) &&
    token.length === inviteTokenBytes
  )
}

function refused(reason: InviteLinkFault): ParsedInviteLink {
  return { kind: 'refused', reason, message: faultTexts[reason] }
}
