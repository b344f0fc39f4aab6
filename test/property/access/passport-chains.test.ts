import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { PassportFault } from '../../../src/node/core/access/judge-passport.ts'
import { judgePassport } from '../../../src/node/core/access/judge-passport.ts'
import type { Passport } from '../../../src/node/core/access/passport.ts'
import type { RevocationTarget } from '../../../src/node/core/access/revocation.ts'
import { rightsFromMask, rightsMask, rightsMaskMax } from '../../../src/node/core/access/rights.ts'
import { crypto, keysOf, networkId, passport } from '../../support/identities.ts'

const people = [1, 2, 3, 4].map(keysOf)
const nobody = keysOf(9)
const personOf = (index: number) => people[index] ?? nobody
const owner = personOf(0).user.signing.publicKey
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

const link = fc.record({
  issuer: fc.nat(3),
  holder: fc.nat(3),
  // Mostly all rights, so that chains are good often enough.
  mask: fc.oneof({ weight: 3, arbitrary: fc.constant(rightsMaskMax) }, { weight: 1, arbitrary: fc.nat(rightsMaskMax) }),
  notBeforeMs: fc.constantFrom(100, 200),
  notAfterMs: fc.constantFrom(300, 400),
})
const revocation = fc.record({ what: fc.constantFrom('serial', 'user', 'node'), holder: fc.nat(3) })

/** The rules once more, each as it is stated, over who signed what; none of the code under test. */
function holds(chain: readonly Passport[], nowMs: number, revocations: readonly RevocationTarget[]): boolean {
  const dead = new Set(revocations.map(({ value }) => hex(value)))
  return chain.every((each, index) => {
    const above = chain[index + 1]
    const isIssuedRight = hex(each.issuer) === hex(above === undefined ? owner : above.userKey)
    const isAllowed =
      above === undefined ||
      (above.rights.invite &&
        (rightsMask(each.rights) | rightsMask(above.rights)) === rightsMask(above.rights) &&
        each.notBeforeMs >= above.notBeforeMs &&
        each.notAfterMs <= above.notAfterMs)
    const isAlive = ![each.serial, each.userKey, each.nodeKey].some((value) => dead.has(hex(value)))
    return isIssuedRight && isAllowed && isAlive && each.notBeforeMs <= nowMs && nowMs < each.notAfterMs
  })
}

test('a chain is good exactly where every rule holds, and then until its first end', () => {
  const seen: Partial<Record<PassportFault | 'good', number>> = {}
  fc.assert(
    fc.property(
      fc.array(link, { minLength: 1, maxLength: 3 }),
      fc.oneof(fc.constant([]), fc.array(revocation, { maxLength: 1 })),
      fc.constantFrom(150, 250, 250, 250, 350),
      fc.boolean(),
      (links, revoked, nowMs, isLinked) => {
        const chain = links.map((each, index) => {
          // Half of the chains lead to the owner; the others are what chance makes of them.
          const issuer = isLinked ? (links[index + 1]?.holder ?? 0) : each.issuer
          const { mask, notBeforeMs, notAfterMs } = each
          return passport(personOf(issuer), personOf(each.holder), { rights: rightsFromMask(mask), notBeforeMs, notAfterMs })
        })
        const revocations = revoked.map(({ what, holder }): RevocationTarget => {
          const { node, user } = personOf(holder)
          if (what === 'serial') return { kind: 'serial', value: passport(personOf(0), personOf(holder)).serial }
          return { kind: 'key', value: what === 'user' ? user.signing.publicKey : node.publicKey }
        })
        const question = { chain, networkId, owner, nowMs, revocations, skewToleranceMs: 0, enforceExpiry: true }
        const verdict = judgePassport(crypto, question)
        const outcome = verdict.kind === 'good' ? 'good' : verdict.reason
        seen[outcome] = (seen[outcome] ?? 0) + 1
        expect(verdict.kind === 'good').toBe(holds(chain, nowMs, revocations))
        if (verdict.kind !== 'good') return
        expect(verdict.holder).toBe(chain[0])
        expect(verdict.validUntilMs).toBe(Math.min(...chain.map(({ notAfterMs }) => notAfterMs)))
        // One bit of any signature, and nothing is left of it.
        const forged = chain.map((each, index) =>
          index === chain.length - 1 ? { ...each, signature: each.signature.with(5, 0) } : each,
        )
        fc.pre(forged.at(-1)?.signature[5] !== chain.at(-1)?.signature[5])
        expect(judgePassport(crypto, { ...question, chain: forged })).toEqual({ kind: 'refused', reason: 'signature' })
      },
    ),
    { numRuns: 3000 },
  )
  // The search met every outcome that it can make, or it proved little.
  const outcomes = [
    'good',
    'signature',
    'broader-than-parent',
    'no-right-to-issue',
    'expired',
    'not-yet-valid',
    'revoked',
  ] as const
  for (const outcome of outcomes) expect(seen[outcome], outcome).toBeGreaterThan(10)
})
