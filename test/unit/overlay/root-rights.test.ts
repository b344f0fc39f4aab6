import { describe, expect, test } from 'vitest'
import { NodeCrypto } from '../../../src/node/adapters/node-crypto/node-crypto.ts'
import { hlcFromMs } from '../../../src/node/core/base/hybrid-clock.ts'
import type { AdmissionSection } from '../../../src/node/core/overlay/admission-section.ts'
import { dropExpired, encodeAdmission, noAdmission, revoke } from '../../../src/node/core/overlay/admission-section.ts'
import type { PlacementMap } from '../../../src/node/core/overlay/placement-map.ts'
import {
  encodePlacement,
  withoutPlace,
  withPlace,
  withStoreId,
  withWeight,
} from '../../../src/node/core/overlay/placement-map.ts'
import type { SectionChange } from '../../../src/node/core/overlay/root-entry.ts'
import { areForInviters, areWithinInvite } from '../../../src/node/core/overlay/root-rights.ts'
import {
  keyRingSection,
  placementSection,
  recoverySection,
  rootSectionNames,
  settledSection,
  storeSection,
} from '../../../src/node/core/overlay/root-section.ts'
import { mapOf, placeNumber } from '../../support/placement-draft.ts'

const crypto = new NodeCrypto({ verifyKeysMax: 4 })
const dayMs = 86_400_000
const nowMs = 1_800_000_000_000
const [own, other, fresh] = [placeNumber(1), placeNumber(2), placeNumber(3)]
const placement = mapOf([own, other], 5)
const by = crypto.signingKey(new Uint8Array(32).fill(1)).publicKey

function must<T>(value: T | 'full' | undefined): T {
  if (value === undefined || value === 'full') throw new Error('something is there')
  return value
}
const revoked = (section: AdmissionSection, value: Uint8Array, kind: 'node' | 'key' = 'node', atMs = nowMs): AdmissionSection =>
  must(revoke(section, { kind, value, at: hlcFromMs(atMs), by }))
const ofMap = (map: PlacementMap): SectionChange => ({
  name: placementSection(map.epoch),
  body: encodePlacement(map),
  version: 0n,
})
const ofAdmission = (section: AdmissionSection): SectionChange => {
  return { name: rootSectionNames.admission, body: encodeAdmission(section), version: 3n }
}
const may = (changes: readonly SectionChange[], admission = noAdmission): boolean =>
  areWithinInvite(own.nodeId, { placement, admission, nowMs }, changes)

test('sections that an inviter changes are those that a join and a move need', () => {
  const change = (name: Uint8Array): SectionChange => ({ name, body: undefined, version: 1n })
  const allowed = [rootSectionNames.admission, placementSection(3), keyRingSection(1), settledSection(own)].map(change)
  expect(areForInviters(allowed)).toBe(true)
  for (const name of [rootSectionNames.descriptor, recoverySection(1), storeSection(''), rootSectionNames.featureLevel]) {
    expect(areForInviters([...allowed, change(name)])).toBe(false)
  }
})

describe('of the map an inviter', () => {
  test('adds nodes, and does with its own place what it likes', () => {
    expect(may([ofMap(must(withPlace(placement, fresh)))])).toBe(true)
    expect(may([ofMap(must(withWeight(placement, own.nodeId, 0)))])).toBe(true)
    expect(may([ofMap(must(withStoreId(placement, own.nodeId, fresh.storeId)))])).toBe(true)
    expect(may([ofMap(must(withoutPlace(placement, own.nodeId)))])).toBe(true)
    expect(may([{ name: placementSection(4), body: undefined, version: 1n }])).toBe(true)
  })

  test('takes out, drains and moves nobody else', () => {
    expect(may([ofMap(must(withoutPlace(placement, other.nodeId)))])).toBe(false)
    expect(may([ofMap(must(withWeight(placement, other.nodeId, 0)))])).toBe(false)
    expect(may([ofMap(must(withStoreId(placement, other.nodeId, fresh.storeId)))])).toBe(false)
    expect(may([ofMap(must(withPlace(placement, { ...other, zone: 'elsewhere' })))])).toBe(false)
    expect(may([{ name: placementSection(6), body: Uint8Array.of(1), version: 0n }])).toBe(false)
  })

  test('is told that it was overtaken where its map is no later one', () => {
    expect(may([ofMap({ ...must(withoutPlace(placement, other.nodeId)), epoch: 5 })])).toBe(true)
  })
})

describe('of the revocations an inviter', () => {
  test('adds that of its own node, and drops what is over', () => {
    expect(may([ofAdmission(revoked(noAdmission, own.nodeId))])).toBe(true)
    const old = revoked(noAdmission, other.nodeId, 'node', nowMs - 400 * dayMs)
    expect(may([ofAdmission(dropExpired(old, nowMs))], old)).toBe(true)
  })

  test('adds no other, and takes none back', () => {
    expect(may([ofAdmission(revoked(noAdmission, other.nodeId))])).toBe(false)
    expect(may([ofAdmission(revoked(noAdmission, own.nodeId, 'key'))])).toBe(false)
    expect(may([ofAdmission(noAdmission)], revoked(noAdmission, other.nodeId))).toBe(false)
    expect(may([ofAdmission(noAdmission)], revoked(noAdmission, own.nodeId))).toBe(false)
    expect(may([{ name: rootSectionNames.admission, body: undefined, version: 3n }])).toBe(false)
  })
})
