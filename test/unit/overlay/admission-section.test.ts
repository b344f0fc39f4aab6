import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { passportValidityMaxMs } from '../../../src/node/core/access/passport.ts'
import type { Revocation } from '../../../src/node/core/access/revocation.ts'
import { allRights, noRights } from '../../../src/node/core/access/rights.ts'
import { CanonicalWriter, recordTag } from '../../../src/node/core/base/canonical-codec.ts'
import { hlcFromMs } from '../../../src/node/core/base/hybrid-clock.ts'
import type { AdmissionSection, Invite } from '../../../src/node/core/overlay/admission-section.ts'
import {
  addInvite,
  decodeAdmission,
  dropExpired,
  emptyAdmission,
  encodeAdmission,
  invitesMax,
  inviteUsesMax,
  inviteValidityMaxMs,
  noAdmission,
  revocationsMax,
  revoke,
  spendInvite,
} from '../../../src/node/core/overlay/admission-section.ts'
import { crypto, dayMs, filled, inviter, member, nowMs } from '../../support/identities.ts'

const issuer = inviter.user.signing.publicKey
const inviteOf = (number: number, changes: Partial<Invite> = {}): Invite => ({
  tokenHash: crypto.sha256(Uint8Array.of(number & 255, number >> 8)),
  rights: allRights,
  usesLeft: 2,
  usedCount: 0,
  expiresMs: nowMs + dayMs,
  auto: false,
  issuer,
  created: hlcFromMs(nowMs),
  ...changes,
})
const revocationOf = (kind: Revocation['kind'], number: number, atMs = nowMs): Revocation => ({
  kind,
  value: crypto.sha256(Uint8Array.of(number & 255, number >> 8)).slice(0, kind === 'serial' ? 16 : 32),
  at: hlcFromMs(atMs),
  by: issuer,
})
function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('something is there')
  return value
}
const withAll = (invites: readonly Invite[], revocations: readonly Revocation[]): AdmissionSection => {
  const invited = invites.reduce<AdmissionSection>((section, invite) => must(addInvite(section, invite)), noAdmission)
  return revocations.reduce((section, each) => must(revoke(section, each)), invited)
}

describe('the empty section', () => {
  test('has the bytes that stores hold since the first version', () => {
    const vectors = JSON.parse(readFileSync(join(import.meta.dirname, '../../vectors/root-sections.json'), 'utf8')).vectors
    const [{ encoded }] = vectors.filter((vector: object) => 'admission' in vector)
    expect(encoded).toBe(Buffer.from('\x10memo/admission/1\0', 'latin1').toString('hex'))
    expect(Buffer.from(emptyAdmission()).toString('hex')).toBe(encoded)
    expect(Buffer.from(encodeAdmission(noAdmission)).toString('hex')).toBe(encoded)
    expect(decodeAdmission(emptyAdmission())).toEqual(noAdmission)
  })

  test('has no other bytes', () => {
    const written = (tag: string, ...numbers: readonly number[]) =>
      numbers.reduce((writer, number) => writer.uint(number), new CanonicalWriter(recordTag(tag))).finish()
    expect(decodeAdmission(written('memo/admission/1', 1))).toBeUndefined()
    expect(decodeAdmission(written('memo/admission/2', 0, 0, 0))).toBeUndefined()
    expect(decodeAdmission(written('memo/admission/2', 5, 0, 0))).toEqual({ ...noAdmission, revocationVersion: 5 })
  })
})

describe('a section', () => {
  const section = withAll(
    [inviteOf(1), inviteOf(2, { auto: true, rights: { ...noRights, read: true } }), inviteOf(3)],
    [revocationOf('node', 4), revocationOf('key', 1), revocationOf('serial', 2), revocationOf('key', 3)],
  )

  test('comes back from its bytes, sorted, whatever the order in which things came', () => {
    expect(decodeAdmission(encodeAdmission(section))).toEqual(section)
    const other = withAll(section.invites.toReversed(), [
      revocationOf('node', 4),
      revocationOf('key', 3),
      revocationOf('serial', 2),
      revocationOf('key', 1),
    ])
    expect(encodeAdmission(other)).toEqual(encodeAdmission(section))
    expect(section.revocations.map(({ kind }) => kind)).toEqual(['serial', 'key', 'key', 'node'])
  })

  test('is not encoded out of order, twice over or beyond its numbers', () => {
    const { invites, revocations } = section
    for (const wrong of [
      { ...section, invites: invites.toReversed() },
      { ...section, revocations: revocations.toReversed() },
      { ...section, invites: [inviteOf(1), inviteOf(1)] },
      { ...section, revocationVersion: 2 },
      { ...section, invites: [inviteOf(1, { expiresMs: nowMs + inviteValidityMaxMs + 1 })] },
      { ...section, invites: [inviteOf(1, { usesLeft: inviteUsesMax, usedCount: 1 })] },
      { ...section, revocations: [{ ...revocationOf('key', 1), value: filled(1, 16) }] },
    ]) {
      expect(() => encodeAdmission(wrong)).toThrow('well-formed')
    }
  })

  test('holds 256 invites and 4096 revocations, and no more', () => {
    const full = withAll(
      Array.from({ length: invitesMax }, (_, number) => inviteOf(number)),
      Array.from({ length: revocationsMax }, (_, number) => revocationOf(number % 2 === 0 ? 'key' : 'serial', number)),
    )
    expect(decodeAdmission(encodeAdmission(full))).toEqual(full)
    expect(addInvite(full, inviteOf(invitesMax))).toBeUndefined()
    expect(revoke(full, revocationOf('key', revocationsMax + 1))).toBeUndefined()
    expect(revoke(full, revocationOf('key', 0))).toBe(full)
  }, 60_000)
})

describe('an invite', () => {
  const hash = inviteOf(1).tokenHash

  test('is used as often as it says, until it ends', () => {
    let section = withAll([inviteOf(1), inviteOf(2)], [])
    for (const left of [2, 1]) {
      const use = spendInvite(section, hash, nowMs + dayMs - 1)
      if (use.kind === 'refused') throw new Error(use.reason)
      expect(use.invite).toEqual(inviteOf(1, { usesLeft: left, usedCount: 2 - left }))
      ;({ section } = use)
    }
    expect(spendInvite(section, hash, nowMs)).toEqual({ kind: 'refused', reason: 'spent' })
    expect(section.invites).toContainEqual(inviteOf(2))
    expect(section.revocationVersion).toBe(0)
    expect(decodeAdmission(encodeAdmission(section))).toEqual(section)
  })

  test('is good for nobody after its end, nor where nobody made it', () => {
    const section = withAll([inviteOf(1)], [])
    expect(spendInvite(section, hash, nowMs + dayMs)).toEqual({ kind: 'refused', reason: 'expired' })
    expect(spendInvite(section, inviteOf(9).tokenHash, nowMs)).toEqual({ kind: 'refused', reason: 'unknown' })
  })

  test('is made once for a token, and to be used', () => {
    expect(addInvite(withAll([inviteOf(1)], []), inviteOf(1, { auto: true }))).toBeUndefined()
    expect(() => addInvite(noAdmission, inviteOf(1, { usesLeft: 0, usedCount: 1 }))).toThrow('can be used')
  })

  test('is remembered for a week after its end, and then is one that never was', () => {
    const section = withAll([inviteOf(1), inviteOf(2, { expiresMs: nowMs + 3 * dayMs })], [])
    expect(dropExpired(section, nowMs + 8 * dayMs - 1)).toBe(section)
    const later = dropExpired(section, nowMs + 8 * dayMs)
    expect(later).toEqual(withAll([inviteOf(2, { expiresMs: nowMs + 3 * dayMs })], []))
    expect(spendInvite(later, hash, nowMs + 8 * dayMs)).toEqual({ kind: 'refused', reason: 'unknown' })
  })
})

describe('a revocation', () => {
  test('raises the version once', () => {
    const once = must(revoke(noAdmission, revocationOf('key', 1)))
    expect(once.revocationVersion).toBe(1)
    expect(revoke(once, { ...revocationOf('key', 1, nowMs + 5), by: member.user.signing.publicKey })).toBe(once)
    expect(must(revoke(once, revocationOf('serial', 1))).revocationVersion).toBe(2)
  })

  test('is kept until no passport of its time can be valid', () => {
    const section = withAll([], [revocationOf('key', 1), revocationOf('serial', 2, nowMs + dayMs)])
    const goneMs = nowMs + passportValidityMaxMs + 30 * dayMs
    expect(dropExpired(section, goneMs - 1)).toBe(section)
    expect(dropExpired(section, goneMs)).toEqual({
      ...section,
      revocationVersion: 3,
      revocations: [revocationOf('serial', 2, nowMs + dayMs)],
    })
  })
})
