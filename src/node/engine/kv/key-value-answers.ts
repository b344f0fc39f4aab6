import { CodedError } from '../../../shared/coded-error.ts'
import type { BlockAddress } from '../../core/base/address.ts'
import { hlcToMs } from '../../core/base/hybrid-clock.ts'
import { decodeText } from '../../core/base/text.ts'
import type { Entry } from '../../core/kv/entry.ts'
import type { RequestResult } from '../../core/kv/page-apply.ts'
import type { OperationOutcome } from '../../core/kv/page-outcome.ts'
import type { ByteRange, ChangeResult, KeyMetadata, ReadOptions } from './key-value-service.ts'
import type { Stretch } from './value-reader.ts'

const noBytes = new Uint8Array(32)

export function metadataOf(key: string, entry: Entry): KeyMetadata {
  return {
    key,
    version: entry.version,
    revision: entry.revision,
    size: entry.size,
    contentType: entry.contentType.length === 0 ? '' : (decodeText(entry.contentType) ?? ''),
    modifiedMs: hlcToMs(entry.revision),
    writer: entry.writer,
    address: entry.address,
    chunks: entry.chunks,
  }
}

export function changeResultOf(key: string, { kind, entry }: OperationOutcome): ChangeResult {
  if (kind === 'conflict') return { kind, current: entry === undefined ? undefined : metadataOf(key, entry) }
  return { kind, metadata: entry === undefined ? nothingAt(key) : metadataOf(key, entry) }
}

/** The outcomes of a request that was decided; throws what the caller is told of one that was not. */
export function decidedOutcomes(result: Exclude<RequestResult, { kind: 'void' }>): readonly OperationOutcome[] {
  switch (result.kind) {
    case 'decided':
      return result.outcomes
    case 'too-old':
      throw new CodedError('request-too-old', 'the request id is older than the outcomes that are kept')
    case 'from-the-future':
      throw new CodedError('invalid-argument', 'the request id was issued in the future; nothing was changed')
    case 'replayed':
      throw new CodedError(
        'outcome-unknown',
        'another request of this node overtook this one; whether it was carried out is unknown',
      )
    case 'id-reused':
      throw new CodedError('invalid-argument', 'the request id was used for another request; nothing was changed')
  }
}

export function checkVersion(key: string, entry: Entry, { version }: ReadOptions): void {
  if (version === undefined || version === entry.version) return
  const details = { version: entry.version }
  throw new CodedError('revision-changed', `the key ${key} has version ${entry.version} now`, { details })
}

/** The bytes that a range stands for in a value. */
export function stretchOf(size: number, range: ByteRange | undefined): Stretch {
  if (range === undefined) return { offset: 0, length: size }
  const { offset, length = size } = range
  if (!isCount(offset) || !isCount(length)) throw new CodedError('invalid-argument', 'a range is made of whole numbers')
  if (offset > size) throw new CodedError('range-not-satisfiable', `the value has ${size} bytes`, { details: { size } })
  return { offset, length: Math.min(length, size - offset) }
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}

/** What a removal answers that demanded that there is nothing, and found nothing. */
function nothingAt(key: string): KeyMetadata {
  const address = noBytes as BlockAddress
  return { key, version: 0n, revision: 0n, size: 0, contentType: '', modifiedMs: 0, writer: noBytes, address, chunks: 0 }
}
