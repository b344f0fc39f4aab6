import { describe, expect, test } from 'vitest'
import { issuePassport } from '../../../src/node/core/access/issue-passport.ts'
import { judgePassport } from '../../../src/node/core/access/judge-passport.ts'
import type { PassportChain, PassportTerms } from '../../../src/node/core/access/passport.ts'
import { allRights, noRights } from '../../../src/node/core/access/rights.ts'
import type { NodeKeys } from '../../../src/node/engine/network/node-keys.ts'
import {
  crypto,
  dayMs,
  inviter,
  keysOf,
  member,
  networkId,
  nowMs,
  owner,
  passport,
  passportTerms,
} from '../../support/identities.ts'

const deputy = keysOf(5)
const ownersKey = owner.user.signing.publicKey
const issue = (issuer: NodeKeys, chain: PassportChain, holder: NodeKeys, changes: Partial<PassportTerms> = {}) =>
  issuePassport({ signer: issuer.user.signing, owner: ownersKey, chain }, passportTerms(holder, changes))
const judge = (chain: PassportChain | undefined) =>
  judgePassport(crypto, {
    chain: chain ?? [],
    networkId,
    owner: ownersKey,
    nowMs,
    revocations: [],
    skewToleranceMs: 0,
    enforceExpiry: true,
  })

describe('a passport that is issued', () => {
  test('is good from the owner down to the third link, and there is no fourth', () => {
    const first = issue(owner, [], inviter) ?? []
    const second = issue(inviter, first, deputy) ?? []
    const third = issue(deputy, second, member) ?? []
    expect([first, second, third].map((chain) => judge(chain).kind)).toEqual(['good', 'good', 'good'])
    expect(issue(member, third, keysOf(7))).toBeUndefined()
  })

  test('gives no more, and for no longer, than the issuer has', () => {
    const rights = { ...noRights, read: true, store: true, invite: true }
    const own = [passport(owner, inviter, { rights, notBeforeMs: nowMs - 5, notAfterMs: nowMs + dayMs })]
    const chain = issue(inviter, own, member, { rights: { ...allRights, store: false } })
    expect(judge(chain)).toMatchObject({
      kind: 'good',
      holder: { rights: { ...noRights, read: true, invite: true }, notBeforeMs: nowMs - 5, notAfterMs: nowMs + dayMs },
    })
    const short = issue(inviter, own, member, { notBeforeMs: nowMs, notAfterMs: nowMs + 9 })
    expect(judge(short)).toMatchObject({ holder: { notBeforeMs: nowMs, notAfterMs: nowMs + 9 } })
  })

  test('is none where the issuer may not admit, is somebody else, or ends before it begins', () => {
    expect(issue(inviter, [passport(owner, inviter, { rights: { ...allRights, invite: false } })], member)).toBeUndefined()
    expect(issue(deputy, [passport(owner, inviter)], member)).toBeUndefined()
    expect(issue(inviter, [], member)).toBeUndefined()
    const ended = [passport(owner, inviter, { notAfterMs: nowMs })]
    expect(issue(inviter, ended, member, { notBeforeMs: nowMs, notAfterMs: nowMs + 1 })).toBeUndefined()
  })
})
