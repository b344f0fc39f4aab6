/** Keys, conditions and conflicts as memo.v1 writes them. */

import type { MessageInitShape } from '@bufbuild/protobuf'
import { create, toBinary } from '@bufbuild/protobuf'
import { anyPack } from '@bufbuild/protobuf/wkt'
import { status } from '@grpc/grpc-js'
import { CodedError } from '../../../shared/coded-error.ts'
import type { RequestId as EngineRequestId } from '../../core/base/request-id.ts'
import type { CallContext, ReadConsistency } from '../../engine/call-context.ts'
import type {
  ByteRange,
  Precondition as EnginePrecondition,
  KeyMetadata,
  ReadOptions,
} from '../../engine/kv/key-value-service.ts'
import type { Call } from './bridge.ts'
import type { Precondition, RequestId } from './generated/memo/v1/call_pb.js'
import { Consistency, ConsistencySchema, KeyState, StatusDetailsSchema } from './generated/memo/v1/call_pb.js'
import type { KeyMetadataSchema, Range } from './generated/memo/v1/key_value_pb.js'
import { ConflictSchema } from './generated/memo/v1/key_value_pb.js'
import { DetailedError } from './status-of.ts'

const sessionBytes = 16
/** An HLC is 47 bits of milliseconds above 16 bits of counter. */
const clockCounterBits = 16n
const clockMillisecondsMax = (1n << 47n) - 1n

export function metadataMessage(metadata: KeyMetadata): MessageInitShape<typeof KeyMetadataSchema> {
  return {
    key: metadata.key,
    version: metadata.version,
    revision: metadata.revision,
    size: BigInt(metadata.size),
    contentType: metadata.contentType,
    modifiedAtMs: BigInt(metadata.modifiedMs),
    writer: metadata.writer,
    address: metadata.address,
    chunks: metadata.chunks,
  }
}

export function preconditionOf(message: Precondition | undefined): EnginePrecondition {
  const condition = message?.condition
  if (condition?.case === 'version') return { kind: 'version', version: condition.value }
  if (condition?.case !== 'state' || condition.value === KeyState.UNSPECIFIED) return { kind: 'any' }
  if (condition.value === KeyState.ABSENT) return { kind: 'absent' }
  if (condition.value === KeyState.PRESENT) return { kind: 'present' }
  throw new CodedError('invalid-argument', `precondition.state has no value ${condition.value}`)
}

function requestIdOf(message: RequestId): EngineRequestId {
  if (message.session.length !== sessionBytes) {
    throw new CodedError(
      'invalid-argument',
      `request_id.session has ${message.session.length} bytes; it must have ${sessionBytes}`,
    )
  }
  if (message.issuedAtMs > clockMillisecondsMax) {
    throw new CodedError('invalid-argument', 'request_id.issued_at_ms is beyond any clock')
  }
  // A copy: outcomes are kept long after the request.
  const session = new Uint8Array(message.session)
  return { session, sequence: message.sequence, issued: message.issuedAtMs << clockCounterBits }
}

export function contextOf(call: Call, requestId: RequestId | undefined): CallContext {
  return requestId === undefined ? call : { signal: call.signal, requestId: requestIdOf(requestId) }
}

/** A change is linearizable whatever it asks for; what is no consistency is refused all the same. */
export function checkConsistency(consistency: Consistency): void {
  if (ConsistencySchema.value[consistency] !== undefined) return
  throw new CodedError('invalid-argument', `consistency has no value ${consistency}`)
}

/** What a read asks for beside what is read. */
interface AskedConsistency {
  readonly consistency: Consistency
  readonly stalenessMs?: number | undefined
}

export interface StalenessLimits {
  readonly stalenessMs: number
  readonly stalenessMaxMs: number
}

/** The call as a read with such a consistency. */
export function readContextOf(call: Call, asked: AskedConsistency, limits: StalenessLimits): CallContext {
  const consistency = readConsistencyOf(asked, limits)
  if (consistency === undefined) return call
  return { signal: call.signal, reserveAnswer: (bytes) => call.reserveAnswer(bytes), consistency }
}

/** What an answer says of the age of what it shows: nothing where that was asked for as of now, or where nobody knows. */
export function ageFields({ consistency }: CallContext, ageMs: number | undefined): { readonly ageMs?: bigint } {
  return consistency === undefined || ageMs === undefined ? {} : { ageMs: BigInt(ageMs) }
}

function readConsistencyOf({ consistency, stalenessMs }: AskedConsistency, limits: StalenessLimits): ReadConsistency | undefined {
  checkConsistency(consistency)
  if (stalenessMs !== undefined && consistency !== Consistency.BOUNDED) {
    throw new CodedError('invalid-argument', 'staleness_ms is for CONSISTENCY_BOUNDED alone')
  }
  if (stalenessMs !== undefined && stalenessMs > limits.stalenessMaxMs) {
    throw new CodedError('invalid-argument', `staleness_ms is ${stalenessMs}; it is at most ${limits.stalenessMaxMs}`)
  }
  if (consistency === Consistency.BOUNDED) return { kind: 'bounded', boundMs: stalenessMs ?? limits.stalenessMs }
  return consistency === Consistency.EVENTUAL ? { kind: 'eventual' } : undefined
}

export function readOptionsOf(range: Range | undefined, version: bigint | undefined): ReadOptions {
  return { ...(range !== undefined && { range: byteRangeOf(range) }), ...(version !== undefined && { version }) }
}

function byteRangeOf({ offset, length }: Range): ByteRange {
  if (offset > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new CodedError('range-not-satisfiable', 'range.offset is behind the end of any value')
  }
  return {
    offset: Number(offset),
    ...(length !== undefined && { length: Math.min(Number(length), Number.MAX_SAFE_INTEGER) }),
  }
}

/** ABORTED, with the key as it is in the details. The message leaves the key out: both travel in headers of limited size. */
export function conflictError(current: KeyMetadata | undefined): DetailedError {
  const message = current === undefined ? 'the key does not exist' : `the key exists and has version ${current.version}`
  const conflict = create(ConflictSchema, current === undefined ? {} : { current: metadataMessage(current) })
  const details = create(StatusDetailsSchema, {
    code: status.ABORTED,
    message,
    details: [anyPack(ConflictSchema, conflict)],
  })
  return new DetailedError('version-conflict', message, toBinary(StatusDetailsSchema, details))
}

export function noSuchKey(key: string): CodedError {
  return new CodedError('key-not-found', `there is no key ${key}`)
}
