import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { JoinHello, MemberHello } from '../../../src/node/core/access/hello.ts'
import { decodeHello, encodeHello } from '../../../src/node/core/access/hello.ts'
import type { InviteLink } from '../../../src/node/core/access/invite-link.ts'
import { formatInviteLink, parseInviteLink } from '../../../src/node/core/access/invite-link.ts'
import type { SignedNodeRecord } from '../../../src/node/core/access/node-record.ts'
import { decodeNodeRecord, encodeNodeRecord } from '../../../src/node/core/access/node-record.ts'
import type { Passport } from '../../../src/node/core/access/passport.ts'
import {
  decodePassport,
  decodePassportChain,
  encodePassport,
  encodePassportChain,
} from '../../../src/node/core/access/passport.ts'
import { areWithin, rightsFromMask, rightsMask, rightsMaskMax } from '../../../src/node/core/access/rights.ts'
import { fromBase64url, toBase64url } from '../../../src/node/core/base/base64url.ts'
import { hlcFromMs, hlcMax } from '../../../src/node/core/base/hybrid-clock.ts'
import type { AdmissionSection } from '../../../src/node/core/overlay/admission-section.ts'
import {
  addInvite,
  decodeAdmission,
  encodeAdmission,
  noAdmission,
  revoke,
} from '../../../src/node/core/overlay/admission-section.ts'
import type { JoinAnswer, JoinRequest } from '../../../src/node/core/overlay/join-messages.ts'
import {
  decodeJoinAnswer,
  decodeJoinRequest,
  encodeJoinAnswer,
  encodeJoinRequest,
} from '../../../src/node/core/overlay/join-messages.ts'
import { encodesOneToOne } from '../base/one-to-one.ts'
import { rootCopy } from '../overlay/root-arbitraries.ts'

const sized = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const [key, signature, id16] = [sized(32), sized(64), sized(16)]
const hlc = fc.bigInt({ min: 0n, max: hlcMax })
const rights = fc.integer({ min: 0, max: rightsMaskMax }).map(rightsFromMask)
const shortText = (maxLength: number) => fc.string({ unit: 'grapheme', maxLength: Math.floor(maxLength / 8) })
const endpoint = fc
  .tuple(fc.stringMatching(/^[a-z0-9.-]{1,20}$/), fc.integer({ min: 1, max: 65_535 }))
  .map(([host, port]) => `${host}:${port}`)

const passport: fc.Arbitrary<Passport> = fc
  .record({
    networkId: key,
    userKey: key,
    userAgreementKey: key,
    nodeKey: key,
    rights,
    notBeforeMs: fc.nat(2 ** 45),
    lengthMs: fc.integer({ min: 1, max: 366 * 24 * 3_600_000 }),
    serial: id16,
    issuer: key,
    signature,
  })
  .map(({ lengthMs, ...rest }) => ({ ...rest, notAfterMs: rest.notBeforeMs + lengthMs }))
const chain = fc.array(passport, { minLength: 1, maxLength: 3 })

const record: fc.Arbitrary<SignedNodeRecord> = fc
  .record({
    nodeId: key,
    nodeKey: key,
    endpoints: fc.array(endpoint, { maxLength: 8 }),
    freeBytes: fc.nat(),
    usedBytes: fc.nat(),
    zone: shortText(255),
    labels: fc.array(shortText(64), { maxLength: 8 }),
    storing: fc.boolean(),
    software: shortText(64),
    storeId: id16,
    bootCount: fc.maxSafeNat(),
    syncedPosition: fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
    incarnation: fc.maxSafeNat(),
    issued: hlc,
    signature,
  })
  .map(({ usedBytes, ...rest }) => ({ ...rest, capacityBytes: rest.freeBytes + usedBytes }))

const head = {
  networkId: key,
  versions: fc.tuple(fc.integer({ min: 1, max: 99 }), fc.nat(9)).map(([least, more]) => ({ least, newest: least + more })),
  binding: fc.record({ validUntilMs: fc.maxSafeNat(), signature }),
}
const memberHello: fc.Arbitrary<MemberHello> = fc.record({
  kind: fc.constant('member' as const),
  ...head,
  chain,
  record,
  newestEpoch: fc.maxSafeNat(),
  revocationVersion: fc.maxSafeNat(),
  nowMs: fc.maxSafeNat(),
  recoveries: fc.array(fc.uint8Array({ minLength: 1, maxLength: 512 }), { maxLength: 16 }),
})
const joinHello: fc.Arbitrary<JoinHello> = fc.record({ kind: fc.constant('join' as const), ...head, nodeKey: key })

const link: fc.Arbitrary<InviteLink> = fc.record({
  networkId: key,
  networkName: shortText(255),
  inviter: key,
  endpoints: fc.array(endpoint, { minLength: 1, maxLength: 8 }),
  token: id16,
})

const invite = fc.record({
  tokenHash: key,
  rights,
  usesLeft: fc.integer({ min: 1, max: 512 }),
  usedCount: fc.nat(512),
  expiresMs: fc.nat(2 ** 45),
  auto: fc.boolean(),
  issuer: key,
})
const revocation = fc.oneof(
  fc.record({ kind: fc.constant('serial' as const), value: id16, at: hlc, by: key }),
  fc.record({ kind: fc.constant('key' as const), value: key, at: hlc, by: key }),
)
const section: fc.Arbitrary<AdmissionSection> = fc
  .record({ invites: fc.array(invite, { maxLength: 6 }), revocations: fc.array(revocation, { maxLength: 6 }) })
  .map(({ invites, revocations }) => {
    const created = (expiresMs: number) => hlcFromMs(expiresMs)
    const invited = invites.reduce((all, one) => addInvite(all, { ...one, created: created(one.expiresMs) }) ?? all, noAdmission)
    return revocations.reduce((all, one) => revoke(all, one) ?? all, invited)
  })

const joinRequest: fc.Arbitrary<JoinRequest> = fc.record({
  networkId: key,
  token: id16,
  userKey: key,
  userAgreementKey: key,
  machineName: shortText(255),
  record,
  nodeSignature: signature,
  userSignature: signature,
})
const joinAnswer: fc.Arbitrary<JoinAnswer> = fc.record({
  chain,
  root: rootCopy,
  nodes: fc.array(record, { minLength: 1, maxLength: 3 }),
})

test('passports', () => encodesOneToOne(passport, encodePassport, decodePassport))
test('chains of passports', () => encodesOneToOne(chain, encodePassportChain, decodePassportChain))
test('records of nodes', () => encodesOneToOne(record, encodeNodeRecord, decodeNodeRecord))
test('hellos', () => encodesOneToOne(fc.oneof(memberHello, joinHello), encodeHello, decodeHello))
test('admission sections', () => encodesOneToOne(section, encodeAdmission, decodeAdmission))
test('requests to join', () => encodesOneToOne(joinRequest, encodeJoinRequest, decodeJoinRequest))
test('answers to joiners', () => encodesOneToOne(joinAnswer, encodeJoinAnswer, decodeJoinAnswer, 200))

test('an invite link comes back, and other text is refused or the one text of another invite', () => {
  fc.assert(
    fc.property(link, fc.nat(), fc.string({ minLength: 0, maxLength: 3 }), (invite, at, put) => {
      const text = formatInviteLink(invite)
      expect(parseInviteLink(text)).toEqual({ kind: 'invite', invite })
      const place = at % text.length
      const parsed = parseInviteLink(text.slice(0, place) + put + text.slice(place + 1))
      if (parsed.kind === 'refused') expect(parsed.message.length).toBeGreaterThan(0)
      else expect(formatInviteLink(parsed.invite)).toBe((text.slice(0, place) + put + text.slice(place + 1)).trim())
    }),
  )
})

test('base64url has one text for all bytes, and one for nothing else', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.string(), (bytes, text) => {
      expect(fromBase64url(toBase64url(bytes))).toEqual(bytes)
      const read = fromBase64url(text)
      if (read !== undefined) expect(toBase64url(read)).toBe(text)
    }),
  )
})

test('rights are within others exactly where their mask adds nothing', () => {
  for (let left = 0; left <= rightsMaskMax; left++) {
    expect(rightsMask(rightsFromMask(left))).toBe(left)
    for (let right = 0; right <= rightsMaskMax; right++) {
      expect(areWithin(rightsFromMask(left), rightsFromMask(right))).toBe((left | right) === right)
    }
  }
})
