import { CodedError } from '../../../shared/coded-error.ts'
import type { BlockAddress } from '../../core/base/address.ts'
import { emptyBytes, equalBytes } from '../../core/base/bytes.ts'
import { ownerPayloadContext } from '../../core/block/owner-block.ts'
import { openSealed } from '../../core/block/sealing.ts'
import type { SignedVersion } from '../../core/block/signed-version.ts'
import { decodeSignedVersion, isGenuineVersion } from '../../core/block/signed-version.ts'
import type { BlockRecord } from '../../core/consensus/block-record.ts'
import { decodeBlockRecord } from '../../core/consensus/record-codec.ts'
import type { BlockStanding } from '../../core/wire/block-calls.ts'
import type { BlockParts } from './block-parts.ts'
import type { BlockView } from './block-service.ts'
import { corrupt } from './content-blocks.ts'

/** Throws CodedError `data-corrupt` where the record cannot be read. */
export async function readBlockRecord(parts: Pick<BlockParts, 'store'>, address: BlockAddress): Promise<BlockRecord | undefined> {
  const bytes = await parts.store.get('block', address)
  if (bytes === undefined) return undefined
  const record = decodeBlockRecord(address, bytes)
  if (record === undefined) throw corrupt(address)
  return record
}

/** What a primary says of a block: `data-corrupt` where record and version contradict each other. */
export function standingOf(record: BlockRecord | undefined): BlockStanding {
  if (record === undefined) return { kind: 'absent' }
  const { generation, version, state } = record
  switch (state.kind) {
    case 'removed':
      return { kind: 'removed', generation }
    case 'map':
      return { kind: 'map', generation, version, recordBytes: state.head.recordBytes }
    case 'signed':
      if (versionOfRecord(record) === undefined) throw corrupt(record.address)
      return { kind: 'signed', signed: state.signed }
  }
}

/** The version that a primary says the block has, verified: `data-corrupt` where it is not genuine, `permission-denied` of a map. */
export function currentVersion(parts: BlockParts, address: BlockAddress, standing: BlockStanding): SignedVersion | undefined {
  if (standing.kind === 'map') {
    throw new CodedError('permission-denied', 'this block is a map: a page of a key-value store or the root of the network')
  }
  if (standing.kind !== 'signed') return undefined
  const version = decodeSignedVersion(standing.signed)
  if (version === undefined || !equalBytes(version.address, address)) throw corrupt(address)
  if (!isVerified(parts, version, standing.signed)) throw corrupt(address)
  return version
}

/** The version that the record holds; undefined where its address, numbers or signature do not hold. */
export function genuineVersion(
  parts: Pick<BlockParts, 'crypto' | 'networkId' | 'verified'>,
  record: BlockRecord,
): SignedVersion | undefined {
  const version = versionOfRecord(record)
  if (version === undefined || record.state.kind !== 'signed') return undefined
  return isVerified(parts, version, record.state.signed) ? version : undefined
}

/** Unverified: undefined where it cannot be read, or is not of this record. */
export function versionOfRecord(record: BlockRecord): SignedVersion | undefined {
  if (record.state.kind !== 'signed') return undefined
  const version = decodeSignedVersion(record.state.signed)
  if (version === undefined || !equalBytes(version.address, record.address)) return undefined
  return version.version === record.version && version.generation === record.generation ? version : undefined
}

/** Whether address and signature hold. */
export function isVerified(
  { crypto, networkId, verified }: Pick<BlockParts, 'crypto' | 'networkId' | 'verified'>,
  version: SignedVersion,
  encoded: Uint8Array,
): boolean {
  return verified.holds(encoded, () => isGenuineVersion(crypto, networkId, version))
}

/** The readable bytes of an owner block: `permission-denied` where it is sealed to another user than the node's. */
export function openPayload(parts: BlockParts, version: SignedVersion): Uint8Array {
  const { crypto, user, networkId } = parts
  if (!equalBytes(version.writer, user.signing.publicKey)) {
    throw new CodedError('permission-denied', 'this block is sealed to its owner, and that is not the user of this node')
  }
  const plain = openSealed(crypto, user.agreement, ownerPayloadContext(networkId, version.address), version.payload)
  if (plain === undefined) throw corrupt(version.address)
  return plain
}

export function signedView(parts: BlockParts, version: SignedVersion, options: { readonly decrypt: boolean }): BlockView {
  const { kind, address, discriminator, owner, writer: ownerKey, generation, signature, payload: data } = version
  const [salt, name] = kind === 'owner' ? [discriminator, emptyBytes] : [emptyBytes, discriminator]
  const fields = { kind, address, salt, owner, ownerKey, name, version: version.version, generation, signature, data }
  const view: BlockView = { ...fields, header: emptyBytes }
  return options.decrypt && kind === 'owner' ? { ...view, plain: openPayload(parts, version) } : view
}
