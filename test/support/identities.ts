/** Keys, passports, records and hellos of a small network, for tests of who is who. */

import { NodeCrypto } from '../../src/node/adapters/node-crypto/node-crypto.ts'
import { signBinding } from '../../src/node/core/access/certificate-binding.ts'
import type { MemberHello } from '../../src/node/core/access/hello.ts'
import { spokenVersions } from '../../src/node/core/access/hello.ts'
import type { NodeRecord, SignedNodeRecord } from '../../src/node/core/access/node-record.ts'
import { signNodeRecord } from '../../src/node/core/access/node-record.ts'
import type { Passport, PassportTerms } from '../../src/node/core/access/passport.ts'
import { signPassport } from '../../src/node/core/access/passport.ts'
import { allRights } from '../../src/node/core/access/rights.ts'
import { nodeIdOf, userSeeds } from '../../src/node/core/access/user-keys.ts'
import { hlcFromMs } from '../../src/node/core/base/hybrid-clock.ts'
import type { NodeKeys } from '../../src/node/engine/network/node-keys.ts'

export const crypto = new NodeCrypto({ verifyKeysMax: 64 })
export const filled = (byte: number, length = 32) => new Uint8Array(length).fill(byte)
export const networkId = filled(0x4e)
export const nowMs = 1_800_000_000_000
export const dayMs = 24 * 60 * 60_000
export const channel = filled(0xc4)

/** The keys of a node and its user, all of one number. */
export function keysOf(number: number): NodeKeys {
  const seeds = userSeeds(crypto, filled(number))
  return {
    node: crypto.signingKey(filled(number + 100)),
    user: { signing: crypto.signingKey(seeds.signing), agreement: crypto.agreementKey(seeds.agreement) },
  }
}

export const owner = keysOf(1)
export const inviter = keysOf(2)
export const member = keysOf(3)
export const stranger = keysOf(4)

export function passportTerms(holder: NodeKeys, changes: Partial<PassportTerms> = {}): PassportTerms {
  return {
    networkId,
    userKey: holder.user.signing.publicKey,
    userAgreementKey: holder.user.agreement.publicKey,
    nodeKey: holder.node.publicKey,
    rights: allRights,
    notBeforeMs: nowMs - dayMs,
    notAfterMs: nowMs + 30 * dayMs,
    serial: crypto.sha256(holder.node.publicKey).slice(0, 16),
    ...changes,
  }
}

export function passport(issuer: NodeKeys, holder: NodeKeys, changes: Partial<PassportTerms> = {}): Passport {
  return signPassport(issuer.user.signing, passportTerms(holder, changes))
}

export function nodeRecord(keys: NodeKeys, changes: Partial<NodeRecord> = {}): SignedNodeRecord {
  return signNodeRecord(keys.node, networkId, {
    nodeId: nodeIdOf(crypto, keys.node.publicKey),
    nodeKey: keys.node.publicKey,
    endpoints: ['192.0.2.7:4455', '[2001:db8::7]:4455'],
    capacityBytes: 2 ** 40,
    freeBytes: 2 ** 39,
    zone: 'süd',
    labels: ['ssd'],
    storing: true,
    software: '1.0.0',
    storeId: filled(0x55, 16),
    bootCount: 3,
    syncedPosition: 77n,
    incarnation: 1,
    issued: hlcFromMs(nowMs),
    ...changes,
  })
}

export function memberHello(keys: NodeKeys, changes: Partial<MemberHello> = {}): MemberHello {
  return {
    kind: 'member',
    networkId,
    versions: spokenVersions,
    binding: signBinding(crypto, keys.node, { networkId, channel, validUntilMs: nowMs + dayMs }),
    chain: [passport(owner, keys)],
    record: nodeRecord(keys),
    newestEpoch: 7,
    revocationVersion: 2,
    nowMs: nowMs + 1500,
    recoveries: [],
    ...changes,
  }
}

/** Every encoding that differs from this one in one bit. */
export function* oneBitOff(bytes: Uint8Array): Generator<Uint8Array> {
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const flipped = Uint8Array.from(bytes)
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    yield flipped
  }
}
