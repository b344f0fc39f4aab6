import { describe, expect, test } from 'vitest'
import type { InviteLink } from '../../../src/node/core/access/invite-link.ts'
import {
  formatInviteLink,
  inviteLinkCharactersMax,
  inviteTokenHash,
  parseInviteLink,
} from '../../../src/node/core/access/invite-link.ts'
import { fromBase64url, toBase64url } from '../../../src/node/core/base/base64url.ts'
import { crypto, filled, inviter, networkId } from '../../support/identities.ts'

const invite: InviteLink = {
  networkId,
  networkName: 'Küche',
  inviter: crypto.sha256(inviter.node.publicKey),
  endpoints: ['192.0.2.7:4455', '[2001:db8::7]:4455'],
  token: filled(0x70, 16),
}
const link = formatInviteLink(invite)
const faultOf = (text: string) => {
  const parsed = parseInviteLink(text)
  return parsed.kind === 'refused' ? parsed.reason : parsed.kind
}

describe('an invite link', () => {
  test('is one word that comes back', () => {
    expect(link).toMatch(/^memo:\/\/join\/[\w-]+$/)
    expect(parseInviteLink(link)).toEqual({ kind: 'invite', invite })
    expect(parseInviteLink(`\n  ${link} \t`)).toEqual({ kind: 'invite', invite })
  })

  test('is within its bound with as much in it as fits', () => {
    const endpoints = Array.from({ length: 8 }, () => `${'h'.repeat(249)}:65535`)
    const largest = { ...invite, networkName: 'n'.repeat(255), endpoints }
    const text = formatInviteLink(largest)
    expect(text.length).toBeLessThanOrEqual(inviteLinkCharactersMax)
    expect(parseInviteLink(text)).toEqual({ kind: 'invite', invite: largest })
  })

  test.each([
    ['no endpoint', { endpoints: [] }],
    ['nine endpoints', { endpoints: Array.from({ length: 9 }, () => 'a:1') }],
    ['something else for an endpoint', { endpoints: ['http://a'] }],
    ['a name of 256 bytes', { networkName: 'n'.repeat(256) }],
    ['a token of 15 bytes', { token: filled(1, 15) }],
    ['half a hash of the inviter', { inviter: filled(1, 16) }],
  ])('is not made with %s', (_, changes) => {
    expect(() => formatInviteLink({ ...invite, ...changes })).toThrow('well-formed')
  })
})

describe('anything else is refused with a reason for a person', () => {
  test('text that is no invite', () => {
    for (const text of ['', 'memo', 'https://example.com', link.slice(1), link.replace('join', 'open'), link.toUpperCase()]) {
      expect(faultOf(text)).toBe('no-invite')
    }
    expect(parseInviteLink('x')).toMatchObject({ message: 'this is no invite: an invite begins with memo://join/' })
  })

  test('every beginning of a link, and a link that goes on', () => {
    for (let length = 'memo://join/'.length; length < link.length; length++)
      expect(faultOf(link.slice(0, length))).toBe('incomplete')
    expect(faultOf(`${link}AAAA`)).toBe('incomplete')
    expect(faultOf(`${link}=`)).toBe('incomplete')
    expect(faultOf(`${link.slice(0, 40)} ${link.slice(40)}`)).toBe('incomplete')
  })

  test('more text than any link has', () => {
    expect(faultOf(link + ' '.repeat(inviteLinkCharactersMax))).toBe('too-long')
  })

  test('a link of a later version', () => {
    const bytes = fromBase64url(link.slice('memo://join/'.length)) ?? filled(0)
    const versionAt = Buffer.from(bytes).indexOf('/1') + 1
    const later = Uint8Array.from(bytes)
    later[versionAt] = '2'.charCodeAt(0)
    expect(faultOf(`memo://join/${toBase64url(later)}`)).toBe('newer')
  })
})

test('a token is kept as a hash of its own kind', () => {
  const hash = inviteTokenHash(crypto, invite.token)
  expect(hash).toHaveLength(32)
  expect(hash).not.toEqual(crypto.sha256(invite.token))
  expect(inviteTokenHash(crypto, filled(0x71, 16))).not.toEqual(hash)
  expect(() => inviteTokenHash(crypto, filled(0x71, 15))).toThrow('16 bytes')
})
