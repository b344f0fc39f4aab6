import { userIdOf } from '../../core/access/user-keys.ts'
import type { BlockAddress } from '../../core/base/address.ts'
import { addressFromDigest } from '../../core/base/address.ts'
import { emptyBytes } from '../../core/base/bytes.ts'
import type { BatchedOperation } from '../../core/block/signed-batch.ts'
import { sessionBytes, signBatch } from '../../core/block/signed-batch.ts'
import { entryKey } from '../../core/kv/record-keys.ts'
import type { SectionChange as WantedSection } from '../../core/overlay/root-entry.ts'
import { encodeRootSection } from '../../core/overlay/root-section.ts'
import type { Crypto } from '../../ports/crypto.ts'
import type { Random } from '../../ports/random.ts'
import type { RecordWrite } from '../../ports/record-store.ts'
import type { NodeKeys } from './node-keys.ts'

export interface SectionChange {
  readonly name: Uint8Array
  readonly body: Uint8Array
  /** 0 for a section that is new, otherwise one above the version that it replaces. */
  readonly version: bigint
}

export interface SectionBatch {
  readonly writes: readonly RecordWrite[]
  readonly session: Uint8Array
  readonly sequence: bigint
  /** HLC of the batch. */
  readonly issued: bigint
  /** HLC of the last section. */
  readonly revision: bigint
  /** Bytes of names and sections as stored. */
  readonly recordBytes: number
  /** The signed batch. */
  readonly encoded: Uint8Array
}

export interface SectionParts {
  readonly crypto: Crypto
  readonly random: Random
  readonly keys: NodeKeys
  readonly networkId: Uint8Array
  readonly root: BlockAddress
  /** Gives the next HLC. */
  readonly stamp: () => bigint
}

/** Stands in a signed batch for the bytes of a section, which have no block of their own. */
export function sectionDigest(crypto: Crypto, body: Uint8Array): BlockAddress {
  return addressFromDigest(crypto.sha256(body), 'immutable')
}

/** Signs a change of the root's sections as the origin node and gives the records of the sections. */
export function batchSections(parts: SectionParts, changes: readonly SectionChange[]): SectionBatch {
  const { crypto, random, keys, networkId, root, stamp } = parts
  const session = random.bytes(sessionBytes)
  const sequence = 1n
  const issued = stamp()
  const writes: RecordWrite[] = []
  let revision = issued
  let recordBytes = 0
  for (const { name, body, version } of changes) {
    revision = stamp()
    const value = encodeRootSection({ version, revision, session, sequence, body })
    writes.push({ kind: 'put', family: 'entry', key: entryKey(root, name), value })
    recordBytes += name.length + value.length
  }
  const writer = userIdOf(crypto, keys.user.signing.publicKey)
  const operations = changes.map((change) => operationOf(crypto, change))
  const batch = { networkId, destination: root, session, sequence, issued, writer, operations }
  const { encoded } = signBatch(crypto, keys.node, batch)
  return { writes, session, sequence, issued, revision, recordBytes, encoded }
}

/** What a node signs of a change that others decide. */
export function signSections(
  { crypto, keys, networkId, root: destination }: Pick<SectionParts, 'crypto' | 'keys' | 'networkId' | 'root'>,
  batch: {
    readonly session: Uint8Array
    readonly sequence: bigint
    readonly issued: bigint
    readonly changes: readonly WantedSection[]
  },
): Uint8Array {
  const { session, sequence, issued, changes } = batch
  const writer = userIdOf(crypto, keys.user.signing.publicKey)
  const operations = changes.map(({ name, body, version }) =>
    body === undefined ? removalOf(crypto, name, version) : operationOf(crypto, { name, body, version }),
  )
  return signBatch(crypto, keys.node, { networkId, destination, session, sequence, issued, writer, operations }).encoded
}

function removalOf(crypto: Crypto, name: Uint8Array, version: bigint): BatchedOperation {
  const precondition = { kind: 'version', version: version - 1n } as const
  return { kind: 'delete', keyDigest: crypto.sha256(name), contentType: emptyBytes, expiry: 0n, precondition }
}

function operationOf(crypto: Crypto, { name, body, version }: SectionChange): BatchedOperation {
  return {
    kind: 'put',
    keyDigest: crypto.sha256(name),
    valueAddress: sectionDigest(crypto, body),
    contentType: emptyBytes,
    expiry: 0n,
    precondition: version === 0n ? { kind: 'absent' } : { kind: 'version', version: version - 1n },
  }
}
