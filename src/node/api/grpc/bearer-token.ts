import type { ServerInterceptor } from '@grpc/grpc-js'
import { Metadata, ResponderBuilder, ServerInterceptingCall, ServerListenerBuilder, status } from '@grpc/grpc-js'
import type { ErrorCode } from '../../../shared/coded-error.ts'
import { CodedError } from '../../../shared/coded-error.ts'
import type { Crypto } from '../../ports/crypto.ts'
import type { Random } from '../../ports/random.ts'
import type { GrpcObserver } from './grpc-observer.ts'
import { createFile, readSecretFile } from './secret-file.ts'

const tokenBytes = 32
const tokenLengthMin = 16
/** What tells whether a node lives is open to whoever reaches the port. */
const openService = '/grpc.health.v1.Health/'

/** The token in the file, which is made with a random one where it is absent. */
export async function loadToken(path: string, random: Random): Promise<string> {
  await createFile(path, `${Buffer.from(random.bytes(tokenBytes)).toString('base64url')}\n`)
  return await readToken(path)
}

/** Throws `key-unavailable` or `config-invalid` where the file cannot be read or holds no token that is long enough. */
export async function readToken(path: string): Promise<string> {
  const token = (await readSecretFile(path)).trim()
  if (token.length < tokenLengthMin) {
    throw new CodedError('config-invalid', `the token in ${path} has ${token.length} characters; it must have ${tokenLengthMin}`)
  }
  // Nothing else fits into the header of a call.
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new CodedError('config-invalid', `${path} does not hold one token of printable ASCII without blanks`)
  }
  return token
}

/** Turns away calls without the token before anything of their request is read. */
export function requireToken(token: string, crypto: Pick<Crypto, 'equal'>, observer: GrpcObserver): ServerInterceptor {
  const expected = Buffer.from(`Bearer ${token}`)
  const refusal = new Metadata()
  refusal.set('memo-code', 'unauthenticated' satisfies ErrorCode)
  return (method, call) => {
    if (method.path.startsWith(openService)) return new ServerInterceptingCall(call)
    const listener = new ServerListenerBuilder()
      .withOnReceiveMetadata((metadata, next) => {
        const [given] = metadata.get('authorization')
        if (given !== undefined && crypto.equal(normalized(given), expected)) {
          metadata.remove('authorization')
          next(metadata)
          return
        }
        const details =
          given === undefined ? 'this node asks for "authorization: Bearer TOKEN"' : 'the token is not the one of this node'
        observer.grpcCallEnded({ method: method.path.slice(1), statusCode: status.UNAUTHENTICATED, durationMs: 0 })
        call.sendStatus({ code: status.UNAUTHENTICATED, details, metadata: refusal })
      })
      .build()
    return new ServerInterceptingCall(call, new ResponderBuilder().withStart((next) => next(listener)).build())
  }
}

/** The scheme is written in any case (RFC 9110). */
function normalized(given: string | Buffer): Buffer {
  return Buffer.from(given.toString().replace(/^bearer +/i, 'Bearer '))
}
