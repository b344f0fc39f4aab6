import type { status } from '@grpc/grpc-js'
import type { FailedHandshakeFacts } from './tls-handshakes.ts'
import type { UnreadConnectionFacts } from './unread-connections.ts'

/** Where the gRPC face reports what happens in it. None of these throws. */
export interface GrpcObserver {
  /** `method` is one of the served ones, as package.Service/Method. */
  grpcCallEnded(facts: { readonly method: string; readonly statusCode: status; readonly durationMs: number }): void
  /** A call ended with `internal`: a bug. The correlation id is what the caller was told. */
  grpcCallFailed(facts: { readonly method: string; readonly correlationId: string; readonly error: unknown }): void
  connectionFailed(facts: { readonly error: unknown }): void
  /** A caller of the TLS port was refused, or left, before its first call. */
  tlsHandshakeFailed(facts: FailedHandshakeFacts): void
  unreadConnectionEnded(facts: UnreadConnectionFacts): void
}
