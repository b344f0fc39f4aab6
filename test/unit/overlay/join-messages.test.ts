import { describe, expect, test } from 'vitest'
import { networkIdOf, signTerms } from '../../../src/node/core/access/network-descriptor.ts'
import type { NodeRecord } from '../../../src/node/core/access/node-record.ts'
import { signNodeRecord } from '../../../src/node/core/access/node-record.ts'
import { nodeIdOf } from '../../../src/node/core/access/user-keys.ts'
import { compareBytes, equalBytes } from '../../../src/node/core/base/bytes.ts'
import { bornGroup } from '../../../src/node/core/consensus/group.ts'
import { encodeDescriptorSection } from '../../../src/node/core/overlay/descriptor-section.ts'
import type { JoinAnswer, JoinExpectation, JoinTerms } from '../../../src/node/core/overlay/join-messages.ts'
import {
  decodeJoinAnswer,
  decodeJoinRequest,
  encodeJoinAnswer,
  encodeJoinRequest,
  isGenuineJoinRequest,
  joinAnswerBytesMax,
  joinNodesMax,
  joinRequestBytesMax,
  signJoinRequest,
  verifyJoinAnswer,
} from '../../../src/node/core/overlay/join-messages.ts'
import type { NamedSection, RootCopy } from '../../../src/node/core/overlay/named-sections.ts'
import { encodeRootCopy } from '../../../src/node/core/overlay/named-sections.ts'
import { encodePlacement } from '../../../src/node/core/overlay/placement-map.ts'
import { placementSection, rootSectionNames } from '../../../src/node/core/overlay/root-section.ts'
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
const placeOf = (keys: NodeKeys) => ({
  nodeId: nodeIdOf(crypto, keys.node.publicKey),
  storeId: filled(0x55, 16),
  weight: 100,
  zone: '',
  labels: [],
})
const placement = { epoch: 4, places: [placeOf(joiner)] }
const rootGroup = bornGroup([{ nodeId: nodeIdOf(crypto, owner.node.publicKey), storeId: filled(0x55, 16) }])

/** A copy of a root with these sections and nothing else. */
function copyOf(...bodies: readonly (readonly [name: Uint8Array, body: Uint8Array])[]): RootCopy {
  const facts = { version: 0n, revision: 1n, session: filled(0x71, 16), sequence: 1n }
  const sections = bodies.map(([name, body]): NamedSection => ({ name, section: { ...facts, body } }))
  return { index: 9, group: rootGroup, sections: sections.sort((left, right) => compareBytes(left.name, right.name)) }
}
const described = [rootSectionNames.descriptor, encodeDescriptorSection(descriptor)] as const
const placed = [placementSection(4), encodePlacement(placement)] as const
const withDescriptor = (body: Uint8Array) => ({ root: copyOf([rootSectionNames.descriptor, body], placed) })
const withPlacements = (...maps: readonly (readonly [number, Uint8Array])[]) => ({
  root: copyOf(described, ...maps.map(([epoch, body]) => [placementSection(epoch), body] as const)),
})

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
  root: copyOf(described, placed),
  nodes: [recordOf(owner), recordOf(inviter)],
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
    expect(faultOf(withDescriptor(filled(1, 10)))).toBe('descriptor')
    expect(faultOf({ root: copyOf(placed) })).toBe('descriptor')
    expect(faultOf(withDescriptor(encodeDescriptorSection({ foundation, terms: [handedOver] })))).toBe('descriptor')
    const renamed = { ...foundation, name: 'house' }
    expect(faultOf(withDescriptor(encodeDescriptorSection({ foundation: renamed, terms: [founding] })))).toBe('descriptor')
  })

  test('is refused where the passports do not lead to the present owner', () => {
    expect(faultOf({ chain: [issued(stranger, joiner)] })).toBe('signature')
    expect(faultOf({ chain: [issued(owner, joiner, { notAfterMs: nowMs })] })).toBe('expired')
    const toStranger = withDescriptor(encodeDescriptorSection({ foundation, terms: [founding, handedOver] }))
    expect(faultOf(toStranger)).toBe('signature')
    expect(faultOf({ ...toStranger, chain: [issued(stranger, joiner)] })).toBe('good')
  })

  test('is refused where the passport is not for our own keys', () => {
    expect(faultOf({ chain: [issued(owner, inviter)] })).toBe('not-our-keys')
    for (const changes of [{ nodeKey: filled(1) }, { userKey: filled(1) }, { userAgreementKey: filled(1) }]) {
      expect(faultOf({ chain: [issued(owner, joiner, changes)] })).toBe('not-our-keys')
    }
  })

  test('is refused where a node did not sign its record', () => {
    expect(faultOf({ nodes: [recordOf(owner), { ...recordOf(inviter), endpoints: ['192.0.2.66:1'] }] })).toBe('nodes')
    expect(faultOf({ nodes: [nodeRecord(owner)] })).toBe('nodes')
  })

  test('is refused where the newest map is none, or does not hold the joiner', () => {
    const [before, without] = [
      encodePlacement({ ...placement, epoch: 3 }),
      encodePlacement({ epoch: 5, places: [placeOf(owner)] }),
    ]
    expect(faultOf(withPlacements([4, filled(1, 3)]))).toBe('placement')
    expect(faultOf(withPlacements())).toBe('placement')
    expect(faultOf(withPlacements([3, before], [5, without]))).toBe('placement')
    expect(faultOf(withPlacements([3, filled(1, 3)], [4, encodePlacement(placement)]))).toBe('placement')
    // Names are in the order of their bytes, epochs in that of their numbers.
    const newest = { ...placement, epoch: 10 }
    const decoded = withPlacements([9, encodePlacement({ epoch: 9, places: [] })], [10, encodePlacement(newest)])
    expect(verifyJoinAnswer(crypto, expected, { ...answer, ...decoded })).toMatchObject({ kind: 'good', placement: newest })
  })

  test('names one node at least and 64 at most, and is bounded', () => {
    const many = (count: number) => Array.from({ length: count }, () => recordOf(owner))
    expect(() => encodeJoinAnswer({ ...answer, nodes: [] })).toThrow('told where somebody is')
    expect(() => encodeJoinAnswer({ ...answer, nodes: many(joinNodesMax + 1) })).toThrow('told where somebody is')
    const full = encodeJoinAnswer({ ...answer, nodes: many(joinNodesMax) })
    expect(decodeJoinAnswer(full)?.nodes).toHaveLength(joinNodesMax)
    const room = 2560 * 1024 - encodeRootCopy(withDescriptor(new Uint8Array(0)).root).length
    const fits = encodeJoinAnswer({ ...answer, ...withDescriptor(filled(1, room - 16)) })
    expect(decodeJoinAnswer(fits)).toBeDefined()
    const over = encodeJoinAnswer({ ...answer, ...withDescriptor(filled(1, room + 16)) })
    expect(decodeJoinAnswer(over)).toBeUndefined()
    expect(decodeJoinAnswer(filled(1, joinAnswerBytesMax + 1))).toBeUndefined()
  })

  test('is refused cut off anywhere, and with any bit changed or other than it was', () => {
    const encoded = encodeJoinAnswer(answer)
    for (let length = 0; length < encoded.length; length++) expect(decodeJoinAnswer(encoded.subarray(0, length))).toBeUndefined()
    for (const flipped of oneBitOff(encoded)) {
      const decoded = decodeJoinAnswer(flipped)
      if (decoded !== undefined) expect(equalBytes(encodeJoinAnswer(decoded), flipped)).toBe(true)
    }
  })
})
