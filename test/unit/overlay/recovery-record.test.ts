import { expect, test } from 'vitest'
import { signTerms } from '../../../src/node/core/access/network-descriptor.ts'
import type { DescriptorSection } from '../../../src/node/core/overlay/descriptor-section.ts'
import {
  decodeRecoveryProof,
  decodeRecoveryRecord,
  encodeRecoveryProof,
  encodeRecoveryRecord,
  isAdministrator,
  isGenuineRecovery,
  isWholeRecovery,
  leftBehindBy,
  recoveryProofBytesMax,
  signRecovery,
} from '../../../src/node/core/overlay/recovery-record.ts'
import { crypto, filled, inviter, member, networkId, nowMs, oneBitOff, owner } from '../../support/identities.ts'

const memberOf = (byte: number) => ({ nodeId: filled(byte, 32), storeId: filled(byte, 16) })
const signing = owner.user.signing
const terms = { networkId, version: 1, owner: signing.publicKey, overlay: 'kouncil', protocolVersion: 1 } as const
const foundation = { name: 'n', founder: signing.publicKey, createdMs: 1, salt: filled(1, 16), firstNode: filled(2, 32) }
const first: DescriptorSection = { foundation, terms: [signTerms(signing, { ...terms, administrators: [] })] }
const handedOver: DescriptorSection = {
  foundation,
  terms: [...first.terms, signTerms(signing, { ...terms, version: 2, owner: member.user.signing.publicKey, administrators: [] })],
}
const facts = { networkId, number: 3, epoch: 9, recoveredMs: nowMs, survivor: memberOf(4) }
const by = (signer: typeof signing) => signRecovery({ crypto, signer }, facts, [memberOf(8), memberOf(6)])
const recovery = by(signing)

test('a recovery has one encoding, which is read as it was written and is small enough for a hello', () => {
  expect(decodeRecoveryRecord(encodeRecoveryRecord(recovery))).toEqual(recovery)
  expect(recovery.takenOut).toEqual([memberOf(6), memberOf(8)])
  const proof = encodeRecoveryProof(recovery.proof)
  expect(decodeRecoveryProof(proof)).toEqual(recovery.proof)
  expect(proof.length).toBeLessThanOrEqual(recoveryProofBytesMax)
  expect(decodeRecoveryProof(encodeRecoveryRecord(recovery))).toBeUndefined()
})

test('it counts where the owner or an administrator signed it, now or before, and nowhere else', () => {
  expect(isGenuineRecovery(crypto, first, recovery.proof)).toBe(true)
  expect(isGenuineRecovery(crypto, handedOver, recovery.proof)).toBe(true)
  expect(isGenuineRecovery(crypto, handedOver, by(member.user.signing).proof)).toBe(true)
  expect(isGenuineRecovery(crypto, first, by(member.user.signing).proof)).toBe(false)
  const administrators = [inviter.user.signing.publicKey]
  const helped: DescriptorSection = { foundation, terms: [signTerms(signing, { ...terms, administrators })] }
  expect(isGenuineRecovery(crypto, helped, by(inviter.user.signing).proof)).toBe(true)
  expect(isGenuineRecovery(crypto, first, { ...recovery.proof, networkId: filled(7, 32) })).toBe(false)
  expect([isAdministrator(first, signing.publicKey), isAdministrator(handedOver, signing.publicKey)]).toEqual([true, false])
  expect(isAdministrator(helped, inviter.user.signing.publicKey)).toBe(true)
})

test('no bit of it can be changed', () => {
  for (const flipped of oneBitOff(encodeRecoveryProof(recovery.proof))) {
    const proof = decodeRecoveryProof(flipped)
    expect(proof !== undefined && isGenuineRecovery(crypto, first, proof)).toBe(false)
  }
  expect(isWholeRecovery(crypto, recovery)).toBe(true)
  expect(isWholeRecovery(crypto, { ...recovery, takenOut: recovery.takenOut.slice(1) })).toBe(false)
})

test('a directory is left behind by the earliest recovery that took it out, until its node has a place with another one', () => {
  const later = signRecovery({ crypto, signer: signing }, { ...facts, number: 4 }, [memberOf(8), memberOf(10)])
  const both = [recovery, later]
  expect(leftBehindBy(both, memberOf(8), false)?.number).toBe(3)
  expect(leftBehindBy(both, memberOf(10), false)?.number).toBe(4)
  expect(leftBehindBy(both, memberOf(4), true)).toBeUndefined()
  const anew = { nodeId: filled(8, 32), storeId: filled(99, 16) }
  expect(leftBehindBy(both, anew, true)).toBeUndefined()
  expect(leftBehindBy(both, anew, false)?.number).toBe(3)
  expect(leftBehindBy(both, memberOf(8), true)?.number).toBe(3)
})
