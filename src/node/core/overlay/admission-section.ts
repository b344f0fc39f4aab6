/**
 * The admission section of a root: who may still come in by an invite, and which passports ended before their time.
 *
 * Invariants: invites are sorted by the hash of their token and revocations by kind and value, each once; a use moves one from what is
 * left to what was used, so a section that is committed on its predecessor spends no token twice. The revocation version rises with
 * every change of the revocations and with nothing else. One section has one encoding; the empty one has the bytes that a network is
 * born with.
 */

import { assert } from '../../../shared/assert.ts'
import { passportSerialBytes, passportValidityMaxMs } from '../access/passport.ts'
import type { Revocation, RevocationTarget } from '../access/revocation.ts'
import { revocationKinds } from '../access/revocation.ts'
import type { Rights } from '../access/rights.ts'
import { rightsFromMask, rightsMask, rightsMaskMax } from '../access/rights.ts'
import { compareBytes, equalBytes } from '../base/bytes.ts'
import type { CanonicalReader } from '../base/canonical-codec.ts'
import { CanonicalWriter, choiceIndex, decodeCanonical, recordTag } from '../base/canonical-codec.ts'
import { hlcToMs, isHlc } from '../base/hybrid-clock.ts'
import { publicKeyBytes, sha256Bytes } from '../base/signing.ts'

const bornFormat = recordTag('memo/admission/1')
const format = recordTag('memo/admission/2')

export const invitesMax = 256
export const revocationsMax = 4096
export const inviteUsesMax = 1024
const dayMs = 24 * 60 * 60_000
/** How long an invite may be good at most, and how long it is kept after its end, to be told from one that never was. */
export const inviteValidityMaxMs: number = 30 * dayMs
const inviteKeptMs = 7 * dayMs
const revokedBytes = { serial: passportSerialBytes, key: publicKeyBytes, node: sha256Bytes }
/** No passport from before a revocation is valid after this; the month is for clocks and for issuers that heard of it late. */
const revocationKeptMs = passportValidityMaxMs + 30 * dayMs

export interface Invite {
  /** SHA-256 as `inviteTokenHash` makes it. */
  readonly tokenHash: Uint8Array
  /** What whoever comes by it may do. */
  readonly rights: Rights
  readonly usesLeft: number
  readonly usedCount: number
  /** Unix milliseconds: good up to but without. */
  readonly expiresMs: number
  /** Admits without somebody saying yes. */
  readonly auto: boolean
  /** Ed25519 public key of the user that invites. */
  readonly issuer: Uint8Array
  /** HLC. */
  readonly created: bigint
}

export interface AdmissionSection {
  /** 0 until something is revoked. */
  readonly revocationVersion: number
  readonly invites: readonly Invite[]
  readonly revocations: readonly Revocation[]
}

export type InviteUse =
  | { readonly kind: 'used'; readonly section: AdmissionSection; readonly invite: Invite }
  | { readonly kind: 'refused'; readonly reason: 'unknown' | 'spent' | 'expired' }

export const noAdmission: AdmissionSection = { revocationVersion: 0, invites: [], revocations: [] }

export function encodeAdmission(section: AdmissionSection): Uint8Array {
  assert(isWellFormed(section), 'an admission section is well-formed')
  if (isBorn(section)) return emptyAdmission()
  return new CanonicalWriter(format, 64 + section.invites.length * 112 + section.revocations.length * 84)
    .uint(section.revocationVersion)
    .list(section.invites, writeInvite)
    .list(section.revocations, writeRevocation)
    .finish()
}

/** Undefined when the bytes are no admission section. */
export function decodeAdmission(bytes: Uint8Array): AdmissionSection | undefined {
  const born = decodeCanonical(bornFormat, bytes, (reader) => reader.uint(0))
  if (born !== undefined) return noAdmission
  return decodeCanonical(format, bytes, (reader) => {
    const section = {
      revocationVersion: reader.uint(),
      invites: reader.list(invitesMax, readInvite),
      revocations: reader.list(revocationsMax, readRevocation),
    }
    reader.require(isWellFormed(section) && !isBorn(section))
    return section
  })
}

/** What a network is born with. */
export function emptyAdmission(): Uint8Array {
  return new CanonicalWriter(bornFormat).uint(0).finish()
}

/** Undefined when the section is full, or has an invite of this token. */
export function addInvite(section: AdmissionSection, invite: Invite): AdmissionSection | undefined {
  assert(isWellFormedInvite(invite) && invite.usesLeft >= 1, 'a new invite is well-formed and can be used')
  const isKnown = section.invites.some(({ tokenHash }) => equalBytes(tokenHash, invite.tokenHash))
  if (isKnown || section.invites.length >= invitesMax) return undefined
  return { ...section, invites: [...section.invites, invite].sort(compareInvites) }
}

/** Takes one use of the invite with this token. The answer's invite is that of before the use. */
export function spendInvite(section: AdmissionSection, tokenHash: Uint8Array, nowMs: number): InviteUse {
  const invite = section.invites.find((each) => equalBytes(each.tokenHash, tokenHash))
  if (invite === undefined) return { kind: 'refused', reason: 'unknown' }
  if (invite.usesLeft === 0) return { kind: 'refused', reason: 'spent' }
  if (nowMs >= invite.expiresMs) return { kind: 'refused', reason: 'expired' }
  const used = { ...invite, usesLeft: invite.usesLeft - 1, usedCount: invite.usedCount + 1 }
  const invites = section.invites.map((each) => (each === invite ? used : each))
  return { kind: 'used', section: { ...section, invites }, invite }
}

/** The section as it is where that was revoked before; undefined when it is full. */
export function revoke(section: AdmissionSection, revocation: Revocation): AdmissionSection | undefined {
  assert(isWellFormedRevocation(revocation), 'a revocation is well-formed')
  if (section.revocations.some((each) => compareTargets(each, revocation) === 0)) return section
  if (section.revocations.length >= revocationsMax) return undefined
  const revocations = [...section.revocations, revocation].sort(compareTargets)
  return { ...section, revocations, revocationVersion: section.revocationVersion + 1 }
}

/** Without what has no meaning any more; the section as it is where all of it has. */
export function dropExpired(section: AdmissionSection, nowMs: number): AdmissionSection {
  const invites = section.invites.filter(({ expiresMs }) => nowMs < expiresMs + inviteKeptMs)
  const revocations = section.revocations.filter(({ at }) => nowMs < hlcToMs(at) + revocationKeptMs)
  const revocationsGone = revocations.length < section.revocations.length
  if (invites.length === section.invites.length && !revocationsGone) return section
  return { revocationVersion: section.revocationVersion + (revocationsGone ? 1 : 0), invites, revocations }
}

/** Whether both revoke the same thing, whoever did, and when. */
export function isSameRevocation(left: RevocationTarget, right: RevocationTarget): boolean {
  return compareTargets(left, right) === 0
}

function isBorn({ revocationVersion, invites, revocations }: AdmissionSection): boolean {
  return revocationVersion === 0 && invites.length === 0 && revocations.length === 0
}

function isWellFormed({ revocationVersion, invites, revocations }: AdmissionSection): boolean {
  return (
    Number.isSafeInteger(revocationVersion) &&
    // Whatever was revoked raised it.
    revocationVersion >= revocations.length &&
    invites.length <= invitesMax &&
    invites.every((invite, index) => isWellFormedInvite(invite) && isAfter(compareInvites, invites[index - 1], invite)) &&
    revocations.length <= revocationsMax &&
    revocations.every((each, index) => isWellFormedRevocation(each) && isAfter(compareTargets, revocations[index - 1], each))
  )
}

function isWellFormedInvite({ tokenHash, usesLeft, usedCount, expiresMs, issuer, created }: Invite): boolean {
  return (
    tokenHash.length === sha256Bytes &&
    [usesLeft, usedCount, expiresMs].every((number) => Number.isSafeInteger(number) && number >= 0) &&
    usesLeft + usedCount >= 1 &&
    usesLeft + usedCount <= inviteUsesMax &&
    issuer.length === publicKeyBytes &&
    isHlc(created) &&
    expiresMs <= hlcToMs(created) + inviteValidityMaxMs
  )
}

function isWellFormedRevocation({ kind, value, at, by }: Revocation): boolean {
  return value.length === revokedBytes[kind] && isHlc(at) && by.length === publicKeyBytes
}

function isAfter<T>(compare: (left: T, right: T) => number, before: T | undefined, item: T): boolean {
  return before === undefined || compare(before, item) < 0
}

function compareInvites(left: Invite, right: Invite): number {
  return compareBytes(left.tokenHash, right.tokenHash)
}

function compareTargets(left: RevocationTarget, right: RevocationTarget): number {
  return (
    choiceIndex(revocationKinds, left.kind) - choiceIndex(revocationKinds, right.kind) || compareBytes(left.value, right.value)
  )
}

function writeInvite(invite: Invite, writer: CanonicalWriter): void {
  writer
    .bytes(invite.tokenHash)
    .uint(rightsMask(invite.rights))
    .uint(invite.usesLeft)
    .uint(invite.usedCount)
    .uint(invite.expiresMs)
    .uint(invite.auto ? 1 : 0)
    .bytes(invite.issuer)
    .uint(invite.created)
}

function readInvite(reader: CanonicalReader): Invite {
  return {
    tokenHash: reader.fixed(sha256Bytes),
    rights: rightsFromMask(reader.uint(rightsMaskMax)),
    usesLeft: reader.uint(inviteUsesMax),
    usedCount: reader.uint(inviteUsesMax),
    expiresMs: reader.uint(),
    auto: reader.uint(1) === 1,
    issuer: reader.fixed(publicKeyBytes),
    created: reader.uint64(),
  }
}

function writeRevocation({ kind, value, at, by }: Revocation, writer: CanonicalWriter): void {
  writer.uint(choiceIndex(revocationKinds, kind)).bytes(value).uint(at).bytes(by)
}

function readRevocation(reader: CanonicalReader): Revocation {
  return {
    kind: reader.choice(revocationKinds),
    value: reader.bytes(0, publicKeyBytes),
    at: reader.uint64(),
    by: reader.fixed(publicKeyBytes),
  }
}
