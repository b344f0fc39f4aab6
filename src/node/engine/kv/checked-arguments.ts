import { CodedError } from '../../../shared/coded-error.ts'
import { isHlc } from '../../core/base/hybrid-clock.ts'
import type { Limits } from '../../core/base/limits.ts'
import type { RequestId } from '../../core/base/request-id.ts'
import { encodeText, textBytesLength } from '../../core/base/text.ts'
import { sessionBytes } from '../../core/consensus/outcome.ts'
import type { PageKey } from '../../core/kv/page-change.ts'
import type { CallContext } from '../call-context.ts'
import type { Precondition } from './key-value-service.ts'

const uint64End = 1n << 64n
const empty = new Uint8Array(0)

export function checkKey(text: string, limits: Pick<Limits, 'keyBytesMax'>): PageKey {
  if (text.length === 0) throw new CodedError('invalid-argument', 'the key is empty')
  const bytes = checkText(text, 'the key', limits.keyBytesMax)
  return { text, bytes }
}

/** Text that bounds a listing: as a key, but it may be empty. */
export function checkBound(text: string | undefined, name: string, limits: Pick<Limits, 'keyBytesMax'>): Uint8Array {
  return text === undefined || text.length === 0 ? empty : checkText(text, name, limits.keyBytesMax)
}

export function checkContentType(text: string | undefined, limits: Pick<Limits, 'contentTypeBytesMax'>): Uint8Array {
  return text === undefined || text.length === 0 ? empty : checkText(text, 'the content type', limits.contentTypeBytesMax)
}

export function checkPrecondition(precondition: Precondition): Precondition {
  if (precondition.kind !== 'version') return precondition
  if (precondition.version >= 0n && precondition.version < uint64End) return precondition
  throw new CodedError('invalid-argument', 'a version is a number of 64 bits that is not negative')
}

export function checkRequestId(context: CallContext): RequestId | undefined {
  const id = context.requestId
  if (id === undefined) return undefined
  const fits = id.session.length === sessionBytes && id.sequence >= 0n && id.sequence < uint64End && isHlc(id.issued)
  if (!fits)
    throw new CodedError('invalid-argument', 'a request id is 16 bytes of session, a sequence number and a time of issue')
  return id
}

/** Throws the reason why the call was given up. */
export function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw signal.reason
}

function checkText(text: string, name: string, bytesMax: number): Uint8Array {
  if (text.length > bytesMax || textBytesLength(text) > bytesMax) {
    throw new CodedError('invalid-argument', `${name} has more than ${bytesMax} bytes`)
  }
  if (!text.isWellFormed()) throw new CodedError('invalid-argument', `${name} is not well-formed text`)
  return encodeText(text)
}
