import { expect, test } from 'vitest'
import { NodeCrypto } from '../../../src/node/adapters/node-crypto/node-crypto.ts'
import { SystemRandom } from '../../../src/node/adapters/system-random/system-random.ts'
import { ConsoleSessions } from '../../../src/node/api/http/console-sessions.ts'
import { SessionCookie } from '../../../src/node/api/http/session-cookie.ts'
import { SignInLimiter } from '../../../src/node/api/http/sign-in-limiter.ts'
import type { Limits } from '../../../src/node/core/base/limits.ts'
import { defaultLimits } from '../../../src/node/core/base/limits.ts'
import { ManualClock } from '../../support/key-value-world.ts'

function bed(limits: Partial<Limits> = {}) {
  const clock = new ManualClock()
  const ended: number[] = []
  const ports = { clock, random: new SystemRandom(), crypto: new NodeCrypto({ verifyKeysMax: 16 }) }
  const sessions = new ConsoleSessions({ ...defaultLimits, ...limits }, ports, ({ number }) => void ended.push(number))
  return { clock, ended, sessions }
}

test('a token signs in once', () => {
  const { sessions } = bed()
  const { token } = sessions.makeToken()
  const begun = sessions.signIn(token)
  expect(begun?.session.number).toBe(1)
  expect(sessions.find([begun?.cookie ?? ''])).toBe(begun?.session)
  expect(sessions.signIn(token)).toBeUndefined()
  expect(sessions.signIn(begun?.cookie ?? '')).toBeUndefined()
  expect(sessions.find([token])).toBeUndefined()
})

test('a token expires after five minutes, to the millisecond', () => {
  const { sessions, clock } = bed()
  const [early, late] = [sessions.makeToken(), sessions.makeToken()]
  expect(early.expiresInMs).toBe(5 * 60_000)
  clock.advance(5 * 60_000 - 1)
  expect(sessions.signIn(early.token)).toBeDefined()
  clock.advance(1)
  expect(sessions.signIn(late.token)).toBeUndefined()
})

test('tokens are 256 random bits, and only the newest wait', () => {
  const { sessions } = bed({ consoleTokensMax: 2 })
  const [first, second, third] = [sessions.makeToken().token, sessions.makeToken().token, sessions.makeToken().token]
  for (const token of [first, second, third]) expect(Buffer.from(token, 'base64url')).toHaveLength(32)
  expect(sessions.signIn(first)).toBeUndefined()
  expect(sessions.signIn(second)).toBeDefined()
  expect(sessions.signIn(third)).toBeDefined()
})

test('sessions are bounded: the least recently used one ends, with its signal', () => {
  const { sessions, ended } = bed({ consoleSessionsMax: 2 })
  const [first, second] = [sessions.signIn(sessions.makeToken().token), sessions.signIn(sessions.makeToken().token)]
  expect(sessions.find([first?.cookie ?? ''])).toBeDefined()
  sessions.signIn(sessions.makeToken().token)
  expect(ended).toEqual([2])
  expect(second?.session.ended.aborted).toBe(true)
  expect(sessions.find([second?.cookie ?? ''])).toBeUndefined()
  expect(sessions.find([first?.cookie ?? ''])).toBe(first?.session)
})

test('a session that was ended is found no more', () => {
  const { sessions, ended } = bed()
  const begun = sessions.signIn(sessions.makeToken().token)
  if (begun === undefined) throw new Error('no session')
  sessions.end(begun.session)
  expect([begun.session.ended.aborted, sessions.find([begun.cookie]), ended]).toEqual([true, undefined, []])
})

test('a cookie is found beside others of its name', () => {
  const { sessions } = bed()
  const begun = sessions.signIn(sessions.makeToken().token)
  const cookie = new SessionCookie('0123456789abcdef0123', false)
  const header = `other=1; memo-0123456789abcdef=forged; memo-0123456789abcdef=${begun?.cookie}; memo-ffff=x`
  expect(sessions.find(cookie.valuesIn(header))).toBe(begun?.session)
  expect(cookie.valuesIn(undefined)).toEqual([])
})

test('cookies are for scripts of nobody, other sites never, and over TLS for TLS only', () => {
  expect(new SessionCookie('0123456789abcdef0123', false).set('v')).toEqual({
    'Set-Cookie': 'memo-0123456789abcdef=v; Path=/; HttpOnly; SameSite=Strict',
  })
  expect(new SessionCookie('0123456789abcdef0123', true).set('v')).toEqual({
    'Set-Cookie': '__Host-memo-0123456789abcdef=v; Path=/; HttpOnly; SameSite=Strict; Secure',
  })
  expect(new SessionCookie('0123456789abcdef0123', false).clear()['Set-Cookie']).toContain('Max-Age=0')
})

function limiter(limits: Partial<Limits> = {}) {
  const clock = new ManualClock()
  const made = new SignInLimiter({ ...defaultLimits, ...limits }, clock)
  const fail = (address: string, times: number) => {
    for (let index = 0; index < times; index++) made.failed(address)
  }
  return { clock, made, fail }
}

test('sign-ins that fail are counted by address, in windows', () => {
  const { clock, made, fail } = limiter()
  fail('10.0.0.1', 9)
  expect(made.waitMs('10.0.0.1')).toBeUndefined()
  clock.advance(20_000)
  fail('10.0.0.1', 1)
  expect(made.waitMs('10.0.0.1')).toBe(40_000)
  expect(made.waitMs('10.0.0.2')).toBeUndefined()
  clock.advance(40_000)
  expect(made.waitMs('10.0.0.1')).toBeUndefined()
  fail('10.0.0.1', 9)
  expect(made.waitMs('10.0.0.1')).toBeUndefined()
})

test('all of a /64 of IPv6 is one address', () => {
  const { made, fail } = limiter()
  fail('2001:db8::1', 5)
  fail('2001:db8:0:0:ffff::2', 5)
  expect(made.waitMs('2001:db8::abcd')).toBeGreaterThan(0)
  expect(made.waitMs('2001:db8:0:1::1')).toBeUndefined()
  expect(made.waitMs('::1')).toBeUndefined()
})

test('addresses are bounded', () => {
  const { made, fail } = limiter({ consoleSignInAddressesMax: 2 })
  fail('10.0.0.1', 10)
  fail('10.0.0.2', 10)
  fail('10.0.0.3', 10)
  expect(made.waitMs('10.0.0.1')).toBeUndefined()
  expect(made.waitMs('10.0.0.2')).toBeGreaterThan(0)
  expect(made.waitMs('10.0.0.3')).toBeGreaterThan(0)
})
