/**
 * A passport admits one user at one node to a network. It is signed by the user key of whoever issued it: the network's owner, or a
 * member that may invite. A chain leads from the holder's own passport over those of its issuers to the owner.
 *
 * Invariants: the signature covers every field; a passport is valid for no longer than `passportValidityMaxMs`. That a chain is good is
 * judged separately, for its links alone say nothing.
 */

import { assert } from '../../../shared/assert.ts'
import type { CanonicalReader } from '../base/canonical-codec.ts'
import { CanonicalWriter, decodeCanonical, recordTag } from '../base/canonical-codec.ts'
import type { SignatureVerifier, Signer } from '../base/signing.ts'
import { publicKeyBytes, sha256Bytes, signatureBytes } from '../base/signing.ts'
import type { Rights } from './rights.ts'
import { rightsFromMask, rightsMask, rightsMaskMax } from './rights.ts'

const statementTag = recordTag('memo/passport-statement/1')
const passportTag = recordTag('memo/passport/1')
const chainTag = recordTag('memo/passport-chain/1')

export const passportSerialBytes = 16
export const passportLinksMax = 3
const passportBytesMax = 512
export const passportChainBytesMax = 2048
/** A year and a day: longer than that no passport is valid, and no revocation has to be remembered. */
export const passportValidityMaxMs: number = 366 * 24 * 60 * 60_000

/** What a passport says; whoever signs it is its issuer. */
export interface PassportTerms {
  readonly networkId: Uint8Array
  /** Ed25519 public key of the user. */
  readonly userKey: Uint8Array
  /** X25519 public key of the user: what is meant for it is sealed to this key. */
  readonly userAgreementKey: Uint8Array
  /** Ed25519 public key of the node. */
  readonly nodeKey: Uint8Array
  readonly rights: Rights
  /** Unix milliseconds: valid from, and up to but without. */
  readonly notBeforeMs: number
  readonly notAfterMs: number
  /** 16 random bytes. */
  readonly serial: Uint8Array
}

export interface Passport extends PassportTerms {
  /** Ed25519 public key of the user that issued it. */
  readonly issuer: Uint8Array
  readonly signature: Uint8Array
}

/** The holder's own passport, then that of its issuer, and so on; the last one is issued by the network's owner. */
export type PassportChain = readonly Passport[]

export function signPassport(signer: Signer, terms: PassportTerms): Passport {
  assert(isWellFormed(terms), 'a passport is well-formed')
  return { ...terms, issuer: signer.publicKey, signature: signer.sign(passportStatement(terms, signer.publicKey)) }
}

export function isSignedByIssuer(verifier: SignatureVerifier, passport: Passport): boolean {
  return verifier.verify(passport.issuer, passportStatement(passport, passport.issuer), passport.signature)
}

/** What the issuer signs. */
export function passportStatement(terms: PassportTerms, issuer: Uint8Array): Uint8Array {
  return writePassport(new CanonicalWriter(statementTag, 320), terms, issuer).finish()
}

export function encodePassport(passport: Passport): Uint8Array {
  assert(isWellFormed(passport), 'a passport is well-formed')
  return writePassport(new CanonicalWriter(passportTag, 384), passport, passport.issuer).bytes(passport.signature).finish()
}

/** Undefined when the bytes are no passport. */
export function decodePassport(bytes: Uint8Array): Passport | undefined {
  return decodeCanonical(passportTag, bytes, readPassport)
}

export function encodePassportChain(chain: PassportChain): Uint8Array {
  assert(chain.length >= 1 && chain.length <= passportLinksMax, 'a chain has links, and few')
  return new CanonicalWriter(chainTag, 1024).list(chain, (passport, item) => item.bytes(encodePassport(passport))).finish()
}

/** Undefined when the bytes are no chain. Whether it is good is judged separately. */
export function decodePassportChain(bytes: Uint8Array): PassportChain | undefined {
  return decodeCanonical(chainTag, bytes, (reader) => {
    const chain = reader.list(passportLinksMax, (item) => item.record(decodePassport, passportBytesMax))
    reader.require(chain.length >= 1)
    return chain
  })
}

function writePassport(writer: CanonicalWriter, terms: PassportTerms, issuer: Uint8Array): CanonicalWriter {
  return writer
    .bytes(terms.networkId)
    .bytes(terms.userKey)
    .bytes(terms.userAgreementKey)
    .bytes(terms.nodeKey)
    .uint(rightsMask(terms.rights))
    .uint(terms.notBeforeMs)
    .uint(terms.notAfterMs)
    .bytes(terms.serial)
    .bytes(issuer)
}

function readPassport(reader: CanonicalReader): Passport {
  const passport = {
    networkId: reader.fixed(sha256Bytes),
    userKey: reader.fixed(publicKeyBytes),
    userAgreementKey: reader.fixed(publicKeyBytes),
    nodeKey: reader.fixed(publicKeyBytes),
    rights: rightsFromMask(reader.uint(rightsMaskMax)),
    notBeforeMs: reader.uint(),
    notAfterMs: reader.uint(),
    serial: reader.fixed(passportSerialBytes),
    issuer: reader.fixed(publicKeyBytes),
    signature: reader.fixed(signatureBytes),
  }
  reader.require(isWellFormed(passport))
  return passport
}

function isWellFormed({
  networkId,
  userKey,
  userAgreementKey,
  nodeKey,
  notBeforeMs,
  notAfterMs,
  serial,
}: PassportTerms): boolean {
  return (
    networkId.length === sha256Bytes &&
    [userKey, userAgreementKey, nodeKey].every((key) => key.length === publicKeyBytes) &&
    serial.length === passportSerialBytes &&
    [notBeforeMs, notAfterMs].every((timeMs) => Number.isSafeInteger(timeMs) && timeMs >= 0) &&
    notBeforeMs < notAfterMs &&
    notAfterMs - notBeforeMs <= passportValidityMaxMs
  )
}
