import type { ServerInterceptingCall, ServerInterceptor } from '@grpc/grpc-js'
import { Metadata, status } from '@grpc/grpc-js'
import type { ErrorCode } from '../../../shared/coded-error.ts'
import { grpcStatusOf } from './status-of.ts'

interface LibraryFailure {
  readonly code: status
  readonly details: RegExp
  readonly means: ErrorCode
}

/** What the library finds wrong with a call by itself, before or beside its handler. */
const libraryFailures: readonly LibraryFailure[] = [
  { code: status.UNIMPLEMENTED, details: /^Received (no|a second) request message/, means: 'invalid-argument' },
  { code: status.INTERNAL, details: /^Failed to decompress message/, means: 'invalid-argument' },
  { code: status.INTERNAL, details: /^Invalid grpc-timeout value/, means: 'invalid-argument' },
  { code: status.RESOURCE_EXHAUSTED, details: /^Received message /, means: 'limit-exceeded' },
  { code: status.DEADLINE_EXCEEDED, details: /^Deadline exceeded/, means: 'deadline-exceeded' },
]

/**
 * Gives the failures that the library answers by itself the statuses and the `memo-code` of all others. It takes the place of the
 * call's own method: what the library sends from inside does not pass through the calls that interceptors make.
 */
export function nameLibraryFailures(): ServerInterceptor {
  return (method, call) => {
    if (method.path.startsWith('/memo.')) {
      const send = call.sendStatus.bind(call)
      call.sendStatus = (answer) => {
        const found = answer.code === status.OK || answer.metadata ? undefined : meaningOf(answer.code, answer.details)
        if (found === undefined) return send(answer)
        const metadata = new Metadata()
        metadata.set('memo-code', found)
        send({ ...answer, code: grpcStatusOf[found], metadata })
      }
    }
    // The library's type asks for its class; what it uses is the interface.
    return call as ServerInterceptingCall
  }
}

function meaningOf(code: status | undefined, details: string | undefined): ErrorCode | undefined {
  return libraryFailures.find((failure) => failure.code === code && failure.details.test(details ?? ''))?.means
}
