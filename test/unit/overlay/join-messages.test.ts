import { describe, expect, test } from 'vitest'
import { networkIdOf, signTerms } from '../../../src/node/core/access/network-descriptor.ts'
import type { NodeRecord } from '../../../src/node/core/access/node-record.ts'
import { signNodeRecord } from '../../../src/node/core/access/node-record.ts'
import { nodeIdOf } from '../../../src/node/core/access/user-keys.ts'
import { encodeDescriptorSection } from '../../../src/node/core/overlay/descriptor-section.ts'
import type { JoinAnswer, JoinExpectation, JoinTerms } from '../../../src/node/core/overlay/join-messages.ts'
import {
  decodeJoinAnswer,
  decodeJoinRequest,
  encodeJoinAnswer,
  encodeJoinRequest,
  isGenuineJoinRequest,
  joinAnswerBytesMax,
  joinRequestBytesMax,
  signJoinRequest,
  verifyJoinAnswer,
} from '../../../src/node/core/overlay/join-messages.ts'
import { encodePlacement } from '../../../src/node/core/overlay/placement-map.ts'
import type { NodeKeys } from '../../../src/node/engine/network/node-keys.ts'
import {
  crypto,
  dayMs,
  filled,
  inviter,
  member as joiner,
  nodeRecord,
  nowMs,
  oneBitOff,
  owner,
  passport,
  stranger,
} from '../../support/identities.ts'

const foundation = {
  name: 'home',
  founder: owner.user.signing.publicKey,
  createdMs: nowMs - 9 * dayMs,
  salt: filled(5, 16),
  firstNode: nodeIdOf(crypto, owner.node.publicKey),
}
const networkId = networkIdOf(crypto, foundation)
const founding = signTerms(owner.user.signing, {
  networkId,
  version: 1,
  owner: foundation.founder,
  overlay: 'kouncil',
  administrators: [],
  protocolVersion: 1,
})
const handedOver = signTerms(owner.user.signing, { ...founding, version: 2, owner: stranger.user.signing.publicKey })
const descriptor = { foundation, terms: [founding] }
const placement = { epoch: 4, places: [] }

/** A node's record in the network of these tests. */
function recordOf(keys: NodeKeys, changes: Partial<NodeRecord> = {}) {
  const { signature: _, ...facts } = nodeRecord(keys, changes)
  return signNodeRecord(keys.node, networkId, facts)
}

const terms: JoinTerms = {
  networkId,
  token: filled(0x70, 16),
  userKey: joiner.user.signing.publicKey,
  userAgreementKey: joiner.user.agreement.publicKey,
  machineName: 'Annas Rechner',
  record: recordOf(joiner),
}
const request = signJoinRequest(joiner.node, joiner.user.signing, terms)

const issued = (issuer: NodeKeys, holder: NodeKeys, changes = {}) => passport(issuer, holder, { networkId, ...changes })
const answer: JoinAnswer = {
  chain: [issued(inviter, joiner), issued(owner, inviter)],
  descriptor: encodeDescriptorSection(descriptor),
  rootGroup: [recordOf(owner), recordOf(inviter)],
  placement: encodePlacement(placement),
}
const expected: JoinExpectation = {
  networkId,
  nodeKey: joiner.node.publicKey,
  userKey: terms.userKey,
  userAgreementKey: terms.userAgreementKey,
  nowMs,
  skewToleranceMs: 60_000,
}
const faultOf = (changes: Partial<JoinAnswer>, expectation: Partial<JoinExpectation> = {}) => {
  const verdict = verifyJoinAnswer(crypto, { ...expected, ...expectation }, { ...answer, ...changes })
  return verdict.kind === 'refused' ? verdict.reason : verdict.kind
}

describe('a request to join', () => {
  test('is genuine, and comes back from its bytes', () => {
    expect(isGenuineJoinRequest(crypto, networkId, request)).toBe(true)
    expect(decodeJoinRequest(encodeJoinRequest(request))).toEqual(request)
  })

  test('is refused or not genuine with any bit changed', () => {
    for (const flipped of oneBitOff(encodeJoinRequest(request))) {
      const decoded = decodeJoinRequest(flipped)
      expect(decoded !== undefined && isGenuineJoinRequest(crypto, networkId, decoded)).toBe(false)
    }
  })

  test('is for one network, and by the user whose key it names', () => {
    expect(isGenuineJoinRequest(crypto, filled(1), request)).toBe(false)
    const userKey = stranger.user.signing.publicKey
    const stolen = signJoinRequest(
      joiner.node,
      { publicKey: userKey, sign: (bytes) => joiner.user.signing.sign(bytes) },
      { ...terms, userKey },
    )
    expect(isGenuineJoinRequest(crypto, networkId, stolen)).toBe(false)
    const nodes = signJoinRequest({ ...joiner.node, sign: (bytes) => stranger.node.sign(bytes) }, joiner.user.signing, terms)
    expect(isGenuineJoinRequest(crypto, networkId, nodes)).toBe(false)
    const ofElsewhere = signJoinRequest(joiner.node, joiner.user.signing, { ...terms, record: nodeRecord(joiner) })
    expect(isGenuineJoinRequest(crypto, networkId, ofElsewhere)).toBe(false)
    expect(() => signJoinRequest(stranger.node, joiner.user.signing, terms)).toThrow('its own keys')
  })

  test('is within its bytes, and refused above', () => {
    const largest = {
      ...terms,
      machineName: 'm'.repeat(255),
      record: recordOf(joiner, { labels: Array.from({ length: 5 }, () => 'x'.repeat(255)) }),
    }
    const encoded = encodeJoinRequest(signJoinRequest(joiner.node, joiner.user.signing, largest))
    expect(encoded.length).toBeLessThan(joinRequestBytesMax)
    expect(decodeJoinRequest(encoded)).toBeDefined()
    expect(decodeJoinRequest(filled(1, joinRequestBytesMax + 1))).toBeUndefined()
    const overlong = signJoinRequest(joiner.node, joiner.user.signing, { ...terms, machineName: 'm'.repeat(256) })
    expect(() => encodeJoinRequest(overlong)).toThrow('the name of a machine')
  })
})

describe('an answer to a joiner', () => {
  test('is good, and comes back from its bytes', () => {
    const decoded = decodeJoinAnswer(encodeJoinAnswer(answer))
    expect(decoded).toEqual(answer)
    expect(decoded && verifyJoinAnswer(crypto, expected, decoded)).toEqual({
      kind: 'good',
      descriptor,
      placement,
      passport: answer.chain[0],
    })
  })

  test('is refused where its descriptor is not that of the network of the link', () => {
    expect(faultOf({}, { networkId: filled(1) })).toBe('descriptor')
    expect(faultOf({ descriptor: filled(1, 10) })).toBe('descriptor')
    expect(faultOf({ descriptor: encodeDescriptorSection({ foundation, terms: [handedOver] }) })).toBe('descriptor')
    const renamed = { ...foundation, name: 'house' }
    expect(faultOf({ descriptor: encodeDescriptorSection({ foundation: renamed, terms: [founding] }) })).toBe('descriptor')
  })

  test('is refused where the passports do not lead to the present owner', () => {
    expect(faultOf({ chain: [issued(stranger, joiner)] })).toBe('signature')
    expect(faultOf({ chain: [issued(owner, joiner, { notAfterMs: nowMs })] })).toBe('expired')
    const toStranger = encodeDescriptorSection({ foundation, terms: [founding, handedOver] })
    expect(faultOf({ descriptor: toStranger })).toBe('signature')
    expect(faultOf({ descriptor: toStranger, chain: [issued(stranger, joiner)] })).toBe('good')
  })

  test('is refused where the passport is not for our own keys', () => {
    expect(faultOf({ chain: [issued(owner, inviter)] })).toBe('not-our-keys')
    for (const changes of [{ nodeKey: filled(1) }, { userKey: filled(1) }, { userAgreementKey: filled(1) }]) {
      expect(faultOf({ chain: [issued(owner, joiner, changes)] })).toBe('not-our-keys')
    }
  })

  test('is refused where a member of the root did not sign its record, or the map is none', () => {
    expect(faultOf({ rootGroup: [recordOf(owner), { ...recordOf(inviter), endpoints: ['192.0.2.66:1'] }] })).toBe('root-group')
    expect(faultOf({ rootGroup: [nodeRecord(owner)] })).toBe('root-group')
    expect(faultOf({ placement: filled(1, 3) })).toBe('placement')
  })

  test('names one member of the root at least and nine at most, and is bounded', () => {
    expect(() => encodeJoinAnswer({ ...answer, rootGroup: [] })).toThrow('the root has a group')
    expect(() => encodeJoinAnswer({ ...answer, rootGroup: Array.from({ length: 10 }, () => recordOf(owner)) })).toThrow(
      'the root has a group',
    )
    expect(() => encodeJoinAnswer({ ...answer, descriptor: filled(1, 2 ** 20 + 1) })).toThrow('within their bounds')
    expect(decodeJoinAnswer(filled(1, joinAnswerBytesMax + 1))).toBeUndefined()
  })
})
