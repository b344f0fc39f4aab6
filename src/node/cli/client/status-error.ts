import { fromBinary } from '@bufbuild/protobuf'
import type { Metadata, ServiceError } from '@grpc/grpc-js'
import { status } from '@grpc/grpc-js'
import type { ErrorCode } from '../../../shared/coded-error.ts'
import { CodedError, errorCodes } from '../../../shared/coded-error.ts'
import { StatusDetailsSchema } from '../../api/grpc/generated/memo/v1/call_pb.js'
import { ConflictSchema } from '../../api/grpc/generated/memo/v1/key_value_pb.js'

/** For servers that send no `memo-code`: the code that comes nearest to each status. */
const codeOfStatus: Readonly<Partial<Record<number, ErrorCode>>> = {
  [status.CANCELLED]: 'cancelled',
  [status.INVALID_ARGUMENT]: 'invalid-argument',
  [status.DEADLINE_EXCEEDED]: 'deadline-exceeded',
  [status.NOT_FOUND]: 'key-not-found',
  [status.ALREADY_EXISTS]: 'key-already-exists',
  [status.PERMISSION_DENIED]: 'permission-denied',
  [status.RESOURCE_EXHAUSTED]: 'limit-exceeded',
  [status.FAILED_PRECONDITION]: 'store-read-only',
  [status.ABORTED]: 'version-conflict',
  [status.OUT_OF_RANGE]: 'range-not-satisfiable',
  [status.UNAVAILABLE]: 'not-running',
  [status.DATA_LOSS]: 'data-corrupt',
  [status.UNAUTHENTICATED]: 'unauthenticated',
}

/** Where a call went, and whether it may have changed something there. */
export interface CallTarget {
  readonly address: string
  readonly tls: boolean
  /** A certificate of this caller is shown. */
  readonly certificate: boolean
  readonly changes: boolean
}

/** What a failed call means, in the words and codes of memo. */
export function codedFromStatus(error: ServiceError, target: CallTarget): CodedError {
  const named = metadataText(error.metadata, 'memo-code')
  const broken = target.changes ? 'outcome-unknown' : 'not-running'
  const code = errorCodes.find((each) => each === named) ?? (isBroken(error) ? broken : codeWithoutName(error)) ?? 'internal'
  const current = conflictVersion(error.metadata)
  const details = current === undefined ? {} : { details: { currentVersion: current } }
  return new CodedError(code, messageOf(error, named !== undefined, target, current), { ...details, cause: error })
}

function codeWithoutName(error: ServiceError): ErrorCode | undefined {
  return wasNeverSent(error) ? 'not-running' : codeOfStatus[error.code]
}

/** The time ran out while the library still looked for a connection. */
function wasNeverSent({ code, details }: ServiceError): boolean {
  return code === status.DEADLINE_EXCEEDED && /waiting for (?:name resolution|LB pick)/i.test(details)
}

/** No answer, or not the rest of it, within the time that the caller gave. */
export function noAnswerInTime({ address, changes }: CallTarget, cause?: unknown): CodedError {
  const outcome = changes ? ': whether it was done is unknown' : ''
  return new CodedError('deadline-exceeded', `${address} did not answer within the time given${outcome}`, { cause })
}

/** The connection was there and went away: a change may have been made. The library has several words for that. */
function isBroken({ code, details, metadata }: ServiceError): boolean {
  if (metadataText(metadata, 'memo-code') !== undefined) return false
  if (code === status.INTERNAL) return details.startsWith('Received RST_STREAM')
  return (
    code === status.UNAVAILABLE &&
    /dropped|goaway|ECONNRESET|ETIMEDOUT/i.test(details) &&
    !details.startsWith('No connection established')
  )
}

function brokenConnection({ address, tls, certificate, changes }: CallTarget, details: string): string {
  const what = changes ? 'the answer: whether it was done is unknown' : 'the whole answer'
  const hint = certificate
    ? `; the node may have refused ${wantedCertificate}`
    : tls
      ? ''
      : '; if the node serves TLS, give --tls-ca FILE or --tls'
  return `the connection to ${address} broke before ${what}${hint} (${details})`
}

function messageOf(error: ServiceError, fromMemo: boolean, target: CallTarget, current: bigint | undefined): string {
  const details = error.details.replace(/ Resolution note: *$/, '').trim()
  if (isBroken(error)) return brokenConnection(target, details)
  if (wasNeverSent(error)) return `no node answers at ${target.address} within the time given: nothing was sent`
  if (error.code === status.DEADLINE_EXCEEDED && !fromMemo) return noAnswerInTime(target).message
  if (error.code === status.UNAVAILABLE && !fromMemo) {
    return `no node answers at ${target.address}: ${connectionHint(details, target)} (${details})`
  }
  const conflict = current === undefined ? '' : ` (the key has version ${current})`
  return `${error.details === '' ? error.message : error.details}${error.details.includes(String(current)) ? '' : conflict}`
}

/** A server that refuses a certificate may end the connection without a word of why. */
const wantedCertificate = 'the certificate of --tls-cert, which must be of an authority that the node knows, and not expired'

/** What a person most likely has to change, from what the library says of the connection. */
function connectionHint(details: string, { tls, certificate }: CallTarget): string {
  if (tls && /self-signed certificate|unable to (?:get|verify)/i.test(details))
    return 'its certificate is of no authority that is known here: give the certificate with --tls-ca FILE'
  if (tls && /wrong version number|packet length/i.test(details)) return 'something answers there without TLS: leave --tls away'
  if (tls && /altnames|Hostname/i.test(details)) return 'its certificate has another name: give that with --tls-server-name NAME'
  if (certificate && /certificate (?:required|expired|unknown|revoked)|bad certificate|unknown ca/i.test(details))
    return `it refuses ${wantedCertificate}`
  if (tls && /certificate required|bad certificate|unknown ca/i.test(details))
    return 'it asks for a certificate of the caller: give --tls-cert FILE and --tls-key FILE, of an authority that it knows'
  if (!tls && /Failed to connect/i.test(details))
    return 'something there takes no plain connections: does the node serve TLS? Then give --tls-ca FILE or --tls'
  if (certificate && !/ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH/.test(details))
    return `is it running, is the address right, and does it take ${wantedCertificate}?`
  return 'is it running, and is the address right?'
}

function metadataText(metadata: Metadata | undefined, key: string): string | undefined {
  const value = metadata?.get(key)[0]
  return typeof value === 'string' ? value : undefined
}

/** The version that a key has, where a failed precondition says so. */
function conflictVersion(metadata: Metadata | undefined): bigint | undefined {
  const packed = metadata?.get('grpc-status-details-bin')[0]
  if (!(packed instanceof Uint8Array)) return undefined
  try {
    const conflict = fromBinary(StatusDetailsSchema, packed).details.find(({ typeUrl }) => typeUrl.endsWith('/memo.v1.Conflict'))
    return conflict === undefined ? undefined : fromBinary(ConflictSchema, conflict.value).current?.version
  } catch {
    return undefined // details of another server: the status alone has to do
  }
}
