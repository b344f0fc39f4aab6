import type { Socket } from 'node:net'
import type { Server, TLSSocket, TlsOptions } from 'node:tls'
import { createServer } from 'node:tls'
import type { Clock } from '../../ports/clock.ts'
import { codeOf } from './secret-file.ts'

export interface FailedHandshakeFacts {
  /** The caller's "address:port"; "unknown" where it reset its connection. */
  readonly caller: string
  /** Its certificate is absent or refused, it spoke something else, it went away, or it was silent for too long. */
  readonly cause: 'certificate' | 'protocol' | 'gone' | 'time'
  /** In the words or by the name that OpenSSL has for it. */
  readonly reason: string
  /** More failed before it within the minute, for this cause, than are told one by one. */
  readonly isOneOfMany: boolean
}

type Fault = Pick<FailedHandshakeFacts, 'cause' | 'reason'>

export interface TlsHandshakesParts {
  readonly clock: Clock
  readonly toldPerMinuteMax: number
  /** Takes a connection whose caller is admitted. */
  readonly admit: (socket: TLSSocket) => void
  readonly failed: (facts: FailedHandshakeFacts) => void
}

const minuteMs = 60_000

/** The TLS of the gRPC port. The gRPC library would do it too, but keeps to itself whom it refuses, and why. */
export class TlsHandshakes {
  readonly #parts: TlsHandshakesParts
  readonly #server: Server
  /** Whose connection closes at this very moment. */
  #closing: string | undefined
  /** Those of each cause by itself: strangers who probe the port must not hide a program that is refused. */
  readonly #minutes = new Map<FailedHandshakeFacts['cause'], { readonly sinceMs: number; told: number }>()

  constructor(options: TlsOptions, parts: TlsHandshakesParts) {
    this.#parts = parts
    this.#server = createServer({ ...options, ALPNProtocols: ['h2'] }, (socket) => {
      // The session of the socket ends with it; an error that nobody hears would end the process.
      socket.on('error', () => {})
      parts.admit(socket)
    })
    this.#server.on('tlsClientError', (error, socket) => this.#fail(error, socket))
  }

  begin(socket: Socket): void {
    const caller = nameOf(socket)
    socket.once('close', () => {
      this.#closing = caller ?? 'unknown'
      queueMicrotask(() => {
        this.#closing = undefined
      })
    })
    this.#server.emit('connection', socket)
  }

  #fail(error: Error, socket: TLSSocket): void {
    const caller = nameOf(socket) ?? this.#closing
    if (caller !== undefined) this.#tell(caller, faultOf(error, socket))
    // It has no address any more; whose it was shows when it closes, as it does together with the connection below it.
    else socket.once('close', () => this.#tell(this.#closing ?? 'unknown', faultOf(error, socket)))
  }

  #tell(caller: string, fault: Fault): void {
    this.#parts.failed({ caller, ...fault, isOneOfMany: this.#isOneOfMany(fault.cause) })
  }

  #isOneOfMany(cause: FailedHandshakeFacts['cause']): boolean {
    const nowMs = this.#parts.clock.monotonicMs()
    const before = this.#minutes.get(cause)
    const minute = before === undefined || nowMs - before.sinceMs >= minuteMs ? { sinceMs: nowMs, told: 0 } : before
    this.#minutes.set(cause, minute)
    minute.told += 1
    return minute.told > this.#parts.toldPerMinuteMax
  }
}

function nameOf({ remoteAddress, remotePort }: Socket): string | undefined {
  return remoteAddress === undefined ? undefined : `${remoteAddress}:${remotePort}`
}

function faultOf(error: Error, socket: TLSSocket): Fault {
  // A refused certificate is kept here, and the error says only that the connection has ended.
  if (socket.authorizationError) return { cause: 'certificate', reason: String(socket.authorizationError) }
  const code = codeOf(error) ?? 'unknown'
  if (code === 'ERR_TLS_HANDSHAKE_TIMEOUT') return { cause: 'time', reason: code }
  if (!code.startsWith('ERR_SSL_')) return { cause: 'gone', reason: code }
  const reason = 'reason' in error && typeof error.reason === 'string' ? error.reason : code
  return { cause: code === 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE' ? 'certificate' : 'protocol', reason }
}
