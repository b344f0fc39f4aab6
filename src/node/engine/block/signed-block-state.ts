import { CodedError } from '../../../shared/coded-error.ts'
import type { BlockAddress } from '../../core/base/address.ts'
import { emptyBytes, equalBytes } from '../../core/base/bytes.ts'
import { ownerPayloadContext } from '../../core/block/owner-block.ts'
import { openSealed } from '../../core/block/sealing.ts'
import type { SignedVersion } from '../../core/block/signed-version.ts'
import { decodeSignedVersion, isGenuineVersion } from '../../core/block/signed-version.ts'
import type { BlockRecord } from '../../core/consensus/block-record.ts'
import { decodeBlockRecord } from '../../core/consensus/record-codec.ts'
import type { BlockParts } from './block-parts.ts'
import type { BlockView } from './block-service.ts'
import { corrupt } from './content-blocks.ts'

/** The record of a mutable block, and its version where it has a signed one that verified. */
export interface LoadedBlock {
  readonly record: BlockRecord | undefined
  readonly current: SignedVersion | undefined
}

/** Throws CodedError `data-corrupt` where the record cannot be read. */
export async function readBlockRecord(parts: BlockParts, address: BlockAddress): Promise<BlockRecord | undefined> {
  const bytes = await parts.store.get('block', address)
  if (bytes === undefined) return undefined
  const record = decodeBlockRecord(address, bytes)
  if (record === undefined) throw corrupt(address)
  return record
}

/** Reads a block and verifies its version: `data-corrupt` where that fails, `permission-denied` where it is a map. */
export async function loadSignedBlock(parts: BlockParts, address: BlockAddress): Promise<LoadedBlock> {
  const record = await readBlockRecord(parts, address)
  if (record === undefined || record.state.kind === 'removed') return { record, current: undefined }
  if (record.state.kind === 'map') {
    throw new CodedError('permission-denied', 'this block is a map: a page of a key-value store or the root of the network')
  }
  const current = genuineVersion(parts, record)
  if (current === undefined) throw corrupt(address)
  return { record, current }
}

/** The version that the record holds; undefined where its address, numbers or signature do not hold. */
export function genuineVersion(
  parts: Pick<BlockParts, 'crypto' | 'networkId' | 'verified'>,
  record: BlockRecord,
): SignedVersion | undefined {
  if (record.state.kind !== 'signed') return undefined
  const version = decodeSignedVersion(record.state.signed)
  if (version === undefined || !equalBytes(version.address, record.address)) return undefined
  if (version.version !== record.version || version.generation !== record.generation) return undefined
  const genuine = (): boolean => isGenuineVersion(parts.crypto, parts.networkId, version)
  return parts.verified.holds(record.state.signed, genuine) ? version : undefined
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
