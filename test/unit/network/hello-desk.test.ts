import { describe, expect, test } from 'vitest'
import { bindingValidityMaxMs } from '../../../src/node/core/access/certificate-binding.ts'
import type { HelloFault, ProvenMember } from '../../../src/node/core/access/judge-hello.ts'
import { judgePassport } from '../../../src/node/core/access/judge-passport.ts'
import { allRights, noRights } from '../../../src/node/core/access/rights.ts'
import { nodeIdOf } from '../../../src/node/core/access/user-keys.ts'
import { defaultLimits } from '../../../src/node/core/base/limits.ts'
import type { Membership } from '../../../src/node/engine/network/hello-desk.ts'
import { MemberHelloDesk } from '../../../src/node/engine/network/hello-desk.ts'
import { JoinHelloDesk } from '../../../src/node/engine/network/join-hello-desk.ts'
import type { NodeKeys } from '../../../src/node/engine/network/node-keys.ts'
import { selfIssuedPassport } from '../../../src/node/engine/network/self-issued-passport.ts'
import type { HelloRefusal } from '../../../src/node/ports/transport.ts'
import { helloRefusals } from '../../../src/node/ports/transport.ts'
import {
  crypto,
  filled,
  inviter,
  member,
  networkId,
  nodeRecord,
  nowMs,
  owner,
  passport,
  stranger,
} from '../../support/identities.ts'

const accepted = { kind: 'accepted' } as const
const idOf = (keys: NodeKeys) => nodeIdOf(crypto, keys.node.publicKey)
const dialled = (keys: NodeKeys) => ({ kind: 'dialled', nodeId: idOf(keys) }) as const
const [channelA, channelB] = [filled(0xa1), filled(0xb2)]

function deskOf(keys: NodeKeys, changes: Partial<Membership> = {}, clock = { nowMs: () => nowMs + 0.25 }) {
  const met: ProvenMember[] = []
  const membership: Membership = {
    owner: owner.user.signing.publicKey,
    chain: [passport(owner, keys)],
    record: nodeRecord(keys),
    newestEpoch: 4,
    revocationVersion: 5,
    revocations: [],
    isPlaced: () => true,
    enforceExpiry: true,
    recoveries: [],
    ...changes,
  }
  const parts = { crypto, clock, node: keys.node, networkId, limits: defaultLimits }
  return {
    met,
    desk: new MemberHelloDesk({ ...parts, membership: () => membership, met: (one) => met.push(one), isParted: () => false }),
  }
}
const joinDesk = (keys: NodeKeys, invitersKey: Uint8Array) =>
  new JoinHelloDesk({
    crypto,
    clock: { nowMs: () => nowMs },
    node: keys.node,
    networkId,
    limits: defaultLimits,
    inviter: crypto.sha256(invitersKey),
  })

describe('two members', () => {
  const [a, b] = [deskOf(member), deskOf(inviter)]

  test('take each other for who they are', () => {
    const verdict = b.desk.judge(a.desk.ownHello(channelA), channelA, accepted)
    const { storeId, bootCount } = nodeRecord(member)
    expect(verdict).toEqual({
      kind: 'peer',
      peer: { nodeId: idOf(member), storeId, bootCount, rights: allRights },
      validUntilMs: nowMs + bindingValidityMaxMs,
    })
    expect(b.met).toMatchObject([{ nodeId: idOf(member), newestEpoch: 4, revocationVersion: 5, clockAheadMs: -0.25 }])
    expect(a.desk.judge(b.desk.ownHello(channelB), channelB, dialled(inviter)).kind).toBe('peer')
  })

  test('refuse a hello that came over another connection, and tell nobody of it', () => {
    const { desk, met } = deskOf(inviter)
    expect(desk.judge(a.desk.ownHello(channelA), channelB, accepted)).toEqual({ kind: 'refused', reason: 'binding' })
    expect(desk.judge(a.desk.ownHello(channelA), channelA, dialled(stranger))).toEqual({
      kind: 'refused',
      reason: 'not-who-was-dialled',
    })
    expect(met).toEqual([])
  })

  test('refuse who was revoked, as they know it at that moment', () => {
    const revocations = [{ kind: 'serial' as const, value: passport(owner, member).serial }]
    const { desk } = deskOf(inviter, { revocations })
    expect(desk.judge(a.desk.ownHello(channelA), channelA, accepted)).toEqual({ kind: 'refused', reason: 'revoked' })
  })

  test('do not keep the memory of the bytes that they judged', () => {
    const { desk, met } = deskOf(inviter)
    const received = Buffer.from(a.desk.ownHello(channelA))
    desk.judge(received, channelA, accepted)
    const [one] = met
    received.fill(0)
    expect(one?.record).toEqual(nodeRecord(member))
  })

  test.each([0, 1, 100, 20_000])('refuse %i bytes of nothing', (length) => {
    expect(b.desk.judge(filled(7, length), channelA, accepted)).toEqual({ kind: 'refused', reason: 'malformed' })
  })
})

describe('a node that asks to be admitted', () => {
  const host = deskOf(inviter)

  test('and the one that invited it know each other, without rights', () => {
    const desk = joinDesk(stranger, inviter.node.publicKey)
    expect(host.desk.judge(desk.ownHello(channelA), channelA, accepted)).toEqual({ kind: 'joiner' })
    expect(desk.judge(host.desk.ownHello(channelB), channelB, dialled(inviter))).toMatchObject({
      kind: 'peer',
      peer: { nodeId: idOf(inviter), rights: noRights },
    })
  })

  test('does not speak to another member, nor to who dials it', () => {
    const desk = joinDesk(stranger, member.node.publicKey)
    expect(desk.judge(host.desk.ownHello(channelB), channelB, dialled(inviter))).toEqual({
      kind: 'refused',
      reason: 'not-who-was-dialled',
    })
    expect(joinDesk(stranger, inviter.node.publicKey).judge(host.desk.ownHello(channelB), channelB, accepted).kind).toBe(
      'refused',
    )
  })
})

describe('the node of a network’s owner', () => {
  const parts = {
    random: { bytes: (count: number) => filled(3, count), integerBelow: () => 0 },
    keys: owner,
    networkId,
    owner: owner.user.signing.publicKey,
    nowMs: nowMs + 0.5,
    limits: defaultLimits,
  }

  test('admits itself', () => {
    const chain = selfIssuedPassport(parts)
    const question = { networkId, owner: parts.owner, nowMs, revocations: [], skewToleranceMs: 0, enforceExpiry: true }
    expect(chain && judgePassport(crypto, { ...question, chain })).toMatchObject({
      kind: 'good',
      validUntilMs: nowMs + defaultLimits.passportValidityMs,
    })
    const { desk } = deskOf(owner, { chain: chain ?? [] })
    expect(deskOf(member).desk.judge(desk.ownHello(channelA), channelA, accepted).kind).toBe('peer')
  })

  test('is the only one that does', () => {
    expect(selfIssuedPassport({ ...parts, keys: member })).toBeUndefined()
  })
})

test('what a hello is refused for is one list in the port and in the core, but for the limit of the transport', () => {
  // Each direction fails to compile where one of the lists knows a reason that the other does not.
  const ofCore: readonly HelloFault[] = helloRefusals.filter((reason) => reason !== 'limit')
  const ofPort: readonly Exclude<HelloRefusal, 'limit'>[] = ofCore
  expect(ofPort).toHaveLength(helloRefusals.length - 1)
})
