import { describe, expect, test } from 'vitest'
import { bindingValidityMaxMs, isGenuineBinding, signBinding } from '../../../src/node/core/access/certificate-binding.ts'
import type { Hello, JoinHello, MemberHello } from '../../../src/node/core/access/hello.ts'
import { decodeHello, encodeHello, helloBytesMax, spokenVersions } from '../../../src/node/core/access/hello.ts'
import type { InviterQuestion, MemberQuestion, ProvenMember } from '../../../src/node/core/access/judge-hello.ts'
import { judgeHello, judgeInviter } from '../../../src/node/core/access/judge-hello.ts'
import { nodeIdOf } from '../../../src/node/core/access/user-keys.ts'
import {
  channel,
  crypto,
  dayMs,
  filled,
  inviter,
  keysOf,
  member,
  memberHello,
  networkId,
  nodeRecord,
  nowMs,
  oneBitOff,
  owner,
  passport,
  stranger,
} from '../../support/identities.ts'

const skewMaxMs = 60_000
const own = keysOf(6)
const shared = {
  channel,
  ownNodeId: nodeIdOf(crypto, own.node.publicKey),
  networkId,
  versions: spokenVersions,
  nowMs,
  skewMaxMs,
  enforceExpiry: true,
  isParted: () => false,
}
const ownersKey = owner.user.signing.publicKey
const idOf = (keys: typeof member) => nodeIdOf(crypto, keys.node.publicKey)
const bindingOf = (keys: typeof member, validUntilMs: number, named = channel) =>
  signBinding(crypto, keys.node, { networkId, channel: named, validUntilMs })

function judge(hello: Hello, changes: Partial<MemberQuestion> = {}) {
  return judgeHello(crypto, { ...shared, hello: encodeHello(hello), owner: ownersKey, revocations: [], ...changes })
}
function faultOf(hello: Hello, changes: Partial<MemberQuestion> = {}) {
  const verdict = judge(hello, changes)
  return verdict.kind === 'refused' ? verdict.reason : verdict.kind
}
const said = (changes: Partial<MemberHello>) => memberHello(member, changes)
const joining: JoinHello = {
  kind: 'join',
  networkId,
  versions: spokenVersions,
  binding: bindingOf(member, nowMs + dayMs),
  nodeKey: member.node.publicKey,
}

describe('a binding', () => {
  const validUntilMs = nowMs + dayMs
  const binding = bindingOf(member, validUntilMs)
  const holds = (key: Uint8Array, named: { networkId: Uint8Array; channel: Uint8Array }, changes = {}) =>
    isGenuineBinding(crypto, key, named, { ...binding, ...changes })

  test('is of one key, network, channel and end', () => {
    const key = member.node.publicKey
    expect(holds(key, { networkId, channel })).toBe(true)
    expect(holds(stranger.node.publicKey, { networkId, channel })).toBe(false)
    expect(holds(key, { networkId: filled(1), channel })).toBe(false)
    expect(holds(key, { networkId, channel: filled(1) })).toBe(false)
    expect(holds(key, { networkId, channel }, { validUntilMs: validUntilMs + 1 })).toBe(false)
  })
})

describe('a member', () => {
  test('is proven with what its hello says, until the first end of what it rests on', () => {
    const hello = memberHello(member)
    expect(judge(hello)).toEqual({
      kind: 'member',
      nodeId: idOf(member),
      nodeKey: member.node.publicKey,
      version: 1,
      validUntilMs: nowMs + dayMs,
      passport: hello.chain[0],
      chain: hello.chain,
      record: hello.record,
      newestEpoch: 7,
      revocationVersion: 2,
      clockAheadMs: 1500,
    })
    expect(judge(said({ chain: [passport(owner, member, { notAfterMs: nowMs + 9 })] }))).toMatchObject({
      validUntilMs: nowMs + 9,
    })
    expect(faultOf(hello, { dialled: idOf(member) })).toBe('member')
  })

  test('speaks the newest version that both know', () => {
    const versions = { least: 2, newest: 5 }
    expect(judge(said({ versions }), { versions: { least: 1, newest: 3 } })).toMatchObject({ version: 3 })
    expect(judge(said({ versions }), { versions: { least: 4, newest: 9 } })).toMatchObject({ version: 5 })
    expect(faultOf(said({ versions }), { versions: { least: 1, newest: 1 } })).toBe('version')
    expect(faultOf(said({ versions }), { versions: { least: 6, newest: 7 } })).toBe('version')
  })
})

describe('a hello is refused', () => {
  test('of another network', () => {
    expect(faultOf(memberHello(member), { networkId: filled(1) })).toBe('foreign-network')
    expect(faultOf(said({ chain: [passport(owner, member, { networkId: filled(1) })] }))).toBe('foreign-network')
  })

  test('that was made for another connection, by another node, or for another network', () => {
    expect(faultOf(memberHello(member), { channel: filled(1) })).toBe('binding')
    expect(faultOf(said({ binding: bindingOf(stranger, nowMs + dayMs) }))).toBe('binding')
    const elsewhere = signBinding(crypto, member.node, { networkId: filled(1), channel, validUntilMs: nowMs + dayMs })
    expect(faultOf(said({ binding: elsewhere }))).toBe('binding')
  })

  test('whose binding has ended, or ends more than seven days ahead', () => {
    expect(faultOf(said({ binding: bindingOf(member, nowMs) }))).toBe('expired')
    expect(faultOf(said({ binding: bindingOf(member, nowMs + 1) }))).toBe('member')
    const farMs = nowMs + bindingValidityMaxMs + skewMaxMs
    expect(faultOf(said({ binding: bindingOf(member, farMs) }))).toBe('member')
    expect(faultOf(said({ binding: bindingOf(member, farMs + 1) }))).toBe('binding')
  })

  test('of somebody else than was dialled, and of this node itself', () => {
    expect(faultOf(memberHello(member), { dialled: idOf(stranger) })).toBe('not-who-was-dialled')
    expect(faultOf(memberHello(own))).toBe('self')
  })

  test('whose passport is another node’s, none, or revoked', () => {
    expect(faultOf(said({ chain: [passport(owner, inviter)] }))).toBe('passport')
    expect(faultOf(said({ chain: [passport(stranger, member)] }))).toBe('passport')
    expect(faultOf(said({ chain: [passport(owner, member, { notAfterMs: nowMs - 1 })] }))).toBe('expired')
    expect(faultOf(said({ chain: [passport(owner, member, { notBeforeMs: nowMs + dayMs })] }))).toBe('passport')
    expect(faultOf(memberHello(member), { revocations: [{ kind: 'key', value: member.node.publicKey }] })).toBe('revoked')
    expect(faultOf(memberHello(member), { owner: stranger.user.signing.publicKey })).toBe('passport')
  })

  test('whose record the node did not sign', () => {
    expect(faultOf(said({ record: { ...nodeRecord(member), freeBytes: 0 } }))).toBe('malformed')
    expect(faultOf(said({ record: nodeRecord(member, { nodeId: idOf(stranger) }) }))).toBe('malformed')
  })

  test('whose clock is more than a minute away, before anything else of time', () => {
    expect(faultOf(said({ nowMs: nowMs + skewMaxMs }))).toBe('member')
    expect(faultOf(said({ nowMs: nowMs - skewMaxMs }))).toBe('member')
    expect(faultOf(said({ nowMs: nowMs + skewMaxMs + 1 }))).toBe('clock')
    expect(faultOf(said({ nowMs: nowMs - skewMaxMs - 1, binding: bindingOf(member, nowMs - 1) }))).toBe('clock')
  })

  test('with any bit of it changed that says who speaks; the rest is vouched for by the channel', () => {
    const whole = judge(memberHello(member))
    for (const flipped of oneBitOff(encodeHello(memberHello(member)))) {
      const verdict = judgeHello(crypto, { ...shared, hello: flipped, owner: ownersKey, revocations: [] })
      if (verdict.kind === 'refused') continue
      const { newestEpoch, revocationVersion, clockAheadMs } = verdict as ProvenMember
      expect(verdict).toEqual({ ...whole, newestEpoch, revocationVersion, clockAheadMs })
    }
  })
})

describe('a node that knows its clock to be wrong', () => {
  test('judges nobody by it, and judges again within a week', () => {
    const wrong = { nowMs: nowMs + 90 * dayMs, enforceExpiry: false }
    expect(judge(memberHello(member), wrong)).toMatchObject({ kind: 'member', validUntilMs: wrong.nowMs + bindingValidityMaxMs })
    expect(faultOf(memberHello(member), { ...wrong, enforceExpiry: true })).toBe('clock')
    expect(faultOf(memberHello(member), { ...wrong, channel: filled(1) })).toBe('binding')
  })
})

describe('a node that asks to be admitted', () => {
  test('is a joiner where it dialled, and nobody where it was dialled', () => {
    expect(judge(joining)).toEqual({
      kind: 'joiner',
      nodeId: idOf(member),
      nodeKey: member.node.publicKey,
      version: 1,
      validUntilMs: nowMs + dayMs,
    })
    expect(faultOf(joining, { dialled: idOf(member) })).toBe('passport')
    expect(faultOf({ ...joining, nodeKey: stranger.node.publicKey })).toBe('binding')
  })

  const askedFor: InviterQuestion = {
    ...shared,
    hello: encodeHello(memberHello(inviter)),
    dialled: idOf(inviter),
    inviter: crypto.sha256(inviter.node.publicKey),
  }
  const inviterFault = (changes: Partial<InviterQuestion>) => {
    const verdict = judgeInviter(crypto, { ...askedFor, ...changes })
    return verdict.kind === 'refused' ? verdict.reason : verdict.kind
  }

  test('speaks to the node alone whose whole key the invite names', () => {
    expect(judgeInviter(crypto, askedFor)).toMatchObject({ kind: 'inviter', nodeId: idOf(inviter), record: nodeRecord(inviter) })
    const lastBitOff = Uint8Array.from(askedFor.inviter)
    lastBitOff[31] = (lastBitOff[31] ?? 0) ^ 1
    expect(inviterFault({ inviter: lastBitOff })).toBe('not-who-was-dialled')
    expect(inviterFault({ dialled: idOf(stranger) })).toBe('not-who-was-dialled')
    expect(inviterFault({ channel: filled(1) })).toBe('binding')
  })

  test('lets nobody speak to it, and asks no joiner', () => {
    const { dialled: _, ...accepted } = askedFor
    expect(judgeInviter(crypto, accepted)).toEqual({ kind: 'refused', reason: 'passport' })
    expect(
      inviterFault({ hello: encodeHello(joining), dialled: idOf(member), inviter: crypto.sha256(member.node.publicKey) }),
    ).toBe('passport')
    const unsigned = { ...nodeRecord(inviter), freeBytes: 0 }
    expect(inviterFault({ hello: encodeHello(memberHello(inviter, { record: unsigned })) })).toBe('malformed')
  })
})

describe('the bytes of a hello', () => {
  test('come back, of both kinds', () => {
    expect(decodeHello(encodeHello(memberHello(member)))).toEqual(memberHello(member))
    expect(decodeHello(encodeHello(joining))).toEqual(joining)
  })

  test('are refused above 16 KiB, and where versions are no range', () => {
    expect(judgeHello(crypto, { ...shared, hello: filled(1, helloBytesMax + 1), owner: ownersKey, revocations: [] })).toEqual({
      kind: 'refused',
      reason: 'malformed',
    })
    expect(() => encodeHello(said({ versions: { least: 2, newest: 1 } }))).toThrow('a range')
    expect(() => encodeHello(said({ versions: { least: 0, newest: 1 } }))).toThrow('a range')
  })
})
