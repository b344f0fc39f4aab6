import { describe, expect, test } from 'vitest'
import type { PassportQuestion } from '../../../src/node/core/access/judge-passport.ts'
import { judgePassport } from '../../../src/node/core/access/judge-passport.ts'
import type { PassportChain } from '../../../src/node/core/access/passport.ts'
import {
  decodePassport,
  decodePassportChain,
  encodePassport,
  encodePassportChain,
  isSignedByIssuer,
  passportValidityMaxMs,
} from '../../../src/node/core/access/passport.ts'
import { isOrphaned } from '../../../src/node/core/access/revocation.ts'
import { allRights, noRights } from '../../../src/node/core/access/rights.ts'
import { nodeIdOf } from '../../../src/node/core/access/user-keys.ts'
import { equalBytes } from '../../../src/node/core/base/bytes.ts'
import {
  crypto,
  dayMs,
  filled,
  inviter,
  keysOf,
  member,
  networkId,
  nowMs,
  oneBitOff,
  owner,
  passport,
  stranger,
} from '../../support/identities.ts'

const deputy = keysOf(5)
const toInviter = passport(owner, inviter)
const toDeputy = passport(inviter, deputy)
const toMember = passport(deputy, member, { rights: { ...noRights, read: true }, notAfterMs: nowMs + 5 * dayMs })
const chain: PassportChain = [toMember, toDeputy, toInviter]

function judge(chained: PassportChain, changes: Partial<PassportQuestion> = {}) {
  const question = { networkId, owner: owner.user.signing.publicKey, nowMs, revocations: [], skewToleranceMs: 60_000 }
  return judgePassport(crypto, { ...question, chain: chained, enforceExpiry: true, ...changes })
}
const faultOf = (chained: PassportChain, changes?: Partial<PassportQuestion>) => {
  const verdict = judge(chained, changes)
  return verdict.kind === 'refused' ? verdict.reason : verdict.kind
}

describe('a chain is good', () => {
  test('that leads to the owner, until the first of its links ends', () => {
    expect(judge(chain)).toEqual({ kind: 'good', holder: toMember, validUntilMs: nowMs + 5 * dayMs })
    const short = passport(owner, inviter, { notAfterMs: nowMs + 2 * dayMs })
    const below = passport(inviter, deputy, { notAfterMs: nowMs + dayMs })
    expect(judge([below, short])).toMatchObject({ validUntilMs: nowMs + dayMs })
    expect(judge([toInviter])).toMatchObject({ kind: 'good', holder: toInviter })
  })

  test('that comes back from its bytes', () => {
    const decoded = decodePassportChain(encodePassportChain(chain))
    expect(decoded).toEqual(chain)
    expect(decoded && faultOf(decoded)).toBe('good')
  })
})

describe('a chain is refused', () => {
  test('without links, and with more than three', () => {
    expect(faultOf([])).toBe('malformed')
    expect(faultOf([passport(member, stranger), ...chain])).toBe('chain-too-long')
  })

  test('of another network, in any link', () => {
    expect(faultOf(chain, { networkId: filled(9) })).toBe('foreign-network')
    expect(faultOf([toMember, toDeputy, passport(owner, inviter, { networkId: filled(9) })])).toBe('foreign-network')
  })

  test('that does not lead to the owner by genuine signatures', () => {
    expect(faultOf([passport(stranger, member)])).toBe('signature')
    expect(faultOf([toMember, toDeputy])).toBe('signature')
    expect(faultOf([toMember, toInviter])).toBe('signature')
    expect(faultOf([{ ...passport(stranger, member), issuer: owner.user.signing.publicKey }])).toBe('signature')
    expect(faultOf(chain, { owner: inviter.user.signing.publicKey })).toBe('signature')
  })

  test('that was issued without the right to', () => {
    const parent = passport(owner, inviter, { rights: { ...allRights, invite: false } })
    expect(faultOf([passport(inviter, member, { rights: noRights }), parent])).toBe('no-right-to-issue')
  })

  test.each(['read', 'write', 'store', 'administer'] as const)('that gives %s where its issuer has it not', (name) => {
    const parent = passport(owner, inviter, { rights: { ...allRights, [name]: false } })
    expect(faultOf([passport(inviter, member, { rights: { ...noRights, [name]: true } }), parent])).toBe('broader-than-parent')
    expect(faultOf([passport(inviter, member, { rights: { ...allRights, [name]: false } }), parent])).toBe('good')
  })

  test('that is valid before or after its issuer is', () => {
    expect(faultOf([passport(inviter, member, { notAfterMs: toInviter.notAfterMs + 1 }), toInviter])).toBe('broader-than-parent')
    expect(faultOf([passport(inviter, member, { notBeforeMs: toInviter.notBeforeMs - 1 }), toInviter])).toBe(
      'broader-than-parent',
    )
  })

  test('outside of its time; an issuer’s clock may be ahead, an end is an end', () => {
    expect(faultOf(chain, { nowMs: nowMs + 5 * dayMs - 1 })).toBe('good')
    expect(faultOf(chain, { nowMs: nowMs + 5 * dayMs })).toBe('expired')
    const late = [passport(owner, member, { notBeforeMs: nowMs + 60_000 })]
    expect(faultOf(late)).toBe('good')
    expect(faultOf(late, { nowMs: nowMs - 1 })).toBe('not-yet-valid')
    expect(faultOf(late, { nowMs: nowMs - 1, enforceExpiry: false })).toBe('good')
    expect(faultOf(chain, { nowMs: nowMs + 50 * dayMs, enforceExpiry: false })).toBe('good')
  })

  test.each(chain.map((link, index) => [index, link] as const))('of which link %i is revoked, by serial or key', (_, link) => {
    for (const target of [
      { kind: 'serial', value: link.serial },
      { kind: 'key', value: link.userKey },
      { kind: 'key', value: link.nodeKey },
    ] as const) {
      expect(faultOf(chain, { revocations: [target] })).toBe('revoked')
      expect(faultOf(chain, { revocations: [target], enforceExpiry: false })).toBe('revoked')
    }
    expect(faultOf(chain, { revocations: [{ kind: 'key', value: stranger.node.publicKey }] })).toBe('good')
  })

  test('whose holder was taken out, and one below an issuer that was, unless the map names the holder', () => {
    const takenOut = (keys: typeof member) => ({
      revocations: [{ kind: 'node', value: nodeIdOf(crypto, keys.node.publicKey) }] as const,
    })
    const isPlaced = (nodeId: Uint8Array): boolean => equalBytes(nodeId, nodeIdOf(crypto, member.node.publicKey))
    expect(faultOf(chain, { ...takenOut(member), isPlaced })).toBe('revoked')
    for (const issuer of [deputy, inviter]) {
      expect(faultOf(chain, { ...takenOut(issuer), isPlaced })).toBe('good')
      expect(faultOf(chain, { ...takenOut(issuer), isPlaced: () => false })).toBe('revoked')
      expect(faultOf(chain, takenOut(issuer))).toBe('revoked')
      expect(isOrphaned(crypto, chain, takenOut(issuer).revocations)).toBe(true)
    }
    expect(faultOf([toInviter], { ...takenOut(inviter), isPlaced: () => true })).toBe('revoked')
    expect(faultOf(chain, { ...takenOut(stranger), isPlaced: () => false })).toBe('good')
    expect(isOrphaned(crypto, chain, takenOut(member).revocations)).toBe(false)
    expect(isOrphaned(crypto, chain, takenOut(stranger).revocations)).toBe(false)
  })

  test('by its signature before its revocation is looked at', () => {
    const forged = { ...toInviter, signature: filled(1, 64) }
    expect(faultOf([forged], { revocations: [{ kind: 'serial', value: forged.serial }] })).toBe('signature')
  })
})

describe('the bytes of a passport', () => {
  const encoded = encodePassport(toMember)

  test('are refused or unsigned with any bit changed', () => {
    for (const flipped of oneBitOff(encoded)) {
      const decoded = decodePassport(flipped)
      expect(decoded !== undefined && isSignedByIssuer(crypto, decoded)).toBe(false)
    }
  })

  test('are refused where they are cut off or go on', () => {
    for (let length = 0; length < encoded.length; length++) expect(decodePassport(encoded.subarray(0, length))).toBeUndefined()
    expect(decodePassport(Uint8Array.from([...encoded, 0]))).toBeUndefined()
  })

  test('hold no passport that ends before it begins or is valid for more than a year and a day', () => {
    const edge = passport(owner, member, { notAfterMs: nowMs - dayMs + passportValidityMaxMs })
    expect(decodePassport(encodePassport(edge))).toEqual(edge)
    expect(() => passport(owner, member, { notAfterMs: nowMs - dayMs + passportValidityMaxMs + 1 })).toThrow('well-formed')
    expect(() => passport(owner, member, { notAfterMs: nowMs - dayMs })).toThrow('well-formed')
  })

  test('of a chain name one link at least and three at most', () => {
    expect(() => encodePassportChain([])).toThrow('a chain has links')
    expect(() => encodePassportChain([...chain, toInviter])).toThrow('a chain has links')
    const encodedChain = encodePassportChain([toInviter])
    const countAt = encodedChain.indexOf(1, encodedChain[0])
    expect(decodePassportChain(Uint8Array.from([...encodedChain.subarray(0, countAt), 0]))).toBeUndefined()
  })
})
