/**
 * The first thing that each end of a connection says: who it is, for which network, and what it knows. A member shows its passports; a
 * node that asks to be admitted has none.
 *
 * Invariants: nothing in it counts before it was judged; a hello is within `helloBytesMax`. It is not signed as a whole: the binding
 * ties the channel to the node's key, and the channel the hello to its sender.
 */

import { assert } from '../../../shared/assert.ts'
import type { CanonicalReader } from '../base/canonical-codec.ts'
import { CanonicalWriter, choiceIndex, decodeCanonical, recordTag } from '../base/canonical-codec.ts'
import { publicKeyBytes, sha256Bytes, signatureBytes } from '../base/signing.ts'
import type { CertificateBinding } from './certificate-binding.ts'
import type { SignedNodeRecord } from './node-record.ts'
import { decodeNodeRecord, encodeNodeRecord, nodeRecordBytesMax } from './node-record.ts'
import type { PassportChain } from './passport.ts'
import { decodePassportChain, encodePassportChain, passportChainBytesMax } from './passport.ts'

const helloTag = recordTag('memo/hello/2')
const helloKinds = ['member', 'join'] as const

export const helloBytesMax: number = 16 * 1024
/** Statements of forced recoveries, the newest, and the bytes of one. */
const recoveriesMax = 16
const recoveryBytesMax = 512

/** Versions of what nodes say to each other, both ends included. */
export interface VersionRange {
  readonly least: number
  readonly newest: number
}

/** What this version of memo speaks. */
export const spokenVersions: VersionRange = { least: 1, newest: 1 }

interface HelloHead {
  readonly networkId: Uint8Array
  readonly versions: VersionRange
  readonly binding: CertificateBinding
}

export interface MemberHello extends HelloHead {
  readonly kind: 'member'
  readonly chain: PassportChain
  readonly record: SignedNodeRecord
  /** Epoch of the newest placement map that it has. */
  readonly newestEpoch: number
  /** The highest version of the network's revocations that it has seen. */
  readonly revocationVersion: number
  /** Unix milliseconds of its clock. */
  readonly nowMs: number
  /** Statements of the network's forced recoveries, as their administrators signed them; the oldest first. */
  readonly recoveries: readonly Uint8Array[]
}

export interface JoinHello extends HelloHead {
  readonly kind: 'join'
  /** Ed25519 public key of the node. */
  readonly nodeKey: Uint8Array
}

export type Hello = MemberHello | JoinHello

export function encodeHello(hello: Hello): Uint8Array {
  const { networkId, versions, binding } = hello
  assert(isRange(versions), 'versions are a range')
  const writer = new CanonicalWriter(helloTag, 2048)
    .uint(choiceIndex(helloKinds, hello.kind))
    .bytes(networkId)
    .uint(versions.least)
    .uint(versions.newest)
    .uint(binding.validUntilMs)
    .bytes(binding.signature)
  if (hello.kind === 'join') return writer.bytes(hello.nodeKey).finish()
  return writer
    .bytes(encodePassportChain(hello.chain))
    .bytes(encodeNodeRecord(hello.record))
    .uint(hello.newestEpoch)
    .uint(hello.revocationVersion)
    .uint(hello.nowMs)
    .list(hello.recoveries, (proof, item) => item.bytes(proof))
    .finish()
}

/** Undefined when the bytes are no hello. */
export function decodeHello(bytes: Uint8Array): Hello | undefined {
  if (bytes.length > helloBytesMax) return undefined
  return decodeCanonical(helloTag, bytes, (reader) => {
    const kind = reader.choice(helloKinds)
    const head = readHead(reader)
    if (kind === 'join') return { kind, ...head, nodeKey: reader.fixed(publicKeyBytes) }
    return {
      kind,
      ...head,
      chain: reader.record(decodePassportChain, passportChainBytesMax),
      record: reader.record(decodeNodeRecord, nodeRecordBytesMax),
      newestEpoch: reader.uint(),
      revocationVersion: reader.uint(),
      nowMs: reader.uint(),
      recoveries: reader.list(recoveriesMax, (item) => item.bytes(1, recoveryBytesMax)),
    }
  })
}

function readHead(reader: CanonicalReader): HelloHead {
  const networkId = reader.fixed(sha256Bytes)
  const versions = { least: reader.uint(), newest: reader.uint() }
  const binding = { validUntilMs: reader.uint(), signature: reader.fixed(signatureBytes) }
  reader.require(isRange(versions))
  return { networkId, versions, binding }
}

function isRange({ least, newest }: VersionRange): boolean {
  return least >= 1 && least <= newest
}
