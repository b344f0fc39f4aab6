import { CodedError } from '../../../shared/coded-error.ts'
import { equalBytes } from '../../core/base/bytes.ts'
import { decodeRemovalProof, isGenuineRemoval } from '../../core/block/removal.ts'
import { sealedOverheadBytesMax } from '../../core/block/sealing.ts'
import type { SignedVersion } from '../../core/block/signed-version.ts'
import { decodeSignedVersion } from '../../core/block/signed-version.ts'
import type { BirthEntry, BlockEntry, RemovalEntry, VersionEntry } from '../../core/consensus/block-entry.ts'
import type { BlockRecord } from '../../core/consensus/block-record.ts'
import type { BlockParts } from './block-parts.ts'
import { checkName, invalid } from './draft-checks.ts'
import { isVerified, versionOfRecord } from './signed-block-state.ts'

/**
 * What a primary asks of a change that another node made, before it goes into the log: `invalid-argument`, `signature-invalid`,
 * `permission-denied` or `limit-exceeded`. That the address stands for the writer's key makes the writer the owner.
 */
export function checkForeignEntry(parts: BlockParts, entry: BlockEntry, record: BlockRecord | undefined): void {
  if (entry.requestId === undefined) throw invalid('a change that travels between nodes has a request id')
  const current = record && versionOfRecord(record)
  if (entry.kind === 'removal') checkProof(parts, entry, current)
  else if (entry.signed.length > 0) checkVersion(parts, entry, current)
}

function checkVersion(parts: BlockParts, entry: BirthEntry | VersionEntry, current: SignedVersion | undefined): void {
  const { limits, clock } = parts
  const signed = decodeSignedVersion(entry.signed)
  const version = entry.kind === 'birth' ? 0n : entry.version
  const isOfEntry = signed !== undefined && equalBytes(signed.address, entry.address)
  if (!isOfEntry || signed.version !== version || signed.generation !== entry.generation) {
    throw invalid('the signed version is not that of the change')
  }
  if (!isVerified(parts, signed, entry.signed)) throw notSigned()
  if (signed.kind === 'named') checkName(signed.discriminator, limits)
  const bytesMax = limits.blockPayloadBytesMax + (signed.kind === 'owner' ? sealedOverheadBytesMax : 0)
  if (signed.payload.length > bytesMax) {
    const details = { bytes: signed.payload.length, bytesMax }
    throw new CodedError('limit-exceeded', `the block has ${signed.payload.length} bytes; the most is ${bytesMax}`, { details })
  }
  if (entry.kind === 'birth' && !clock.observe(entry.generation)) throw fromTheFuture()
  if (entry.kind === 'version' && current !== undefined && !equalBytes(signed.owner, current.owner)) {
    throw invalid('the owner of a block does not change')
  }
}

function checkProof({ crypto, networkId, clock }: BlockParts, entry: RemovalEntry, current: SignedVersion | undefined): void {
  const proof = decodeRemovalProof(entry.proof)
  const isOfEntry = proof !== undefined && equalBytes(proof.address, entry.address)
  if (!isOfEntry || proof.version !== entry.version || proof.generation !== entry.generation) {
    throw invalid('the proof is not that of the removal')
  }
  if (!isGenuineRemoval(crypto, networkId, proof)) throw notSigned()
  if (current !== undefined && !equalBytes(proof.signer, current.writer)) {
    throw new CodedError('permission-denied', 'only the owner of this block removes it')
  }
  if (!clock.observe(proof.issued)) throw fromTheFuture()
}

function notSigned(): CodedError {
  return new CodedError('signature-invalid', 'the signature of the change does not hold')
}

function fromTheFuture(): CodedError {
  return invalid('the change was made in the future')
}
