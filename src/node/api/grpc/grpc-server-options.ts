import type { Limits } from '../../core/base/limits.ts'
import type { TlsFiles } from './tls-files.ts'

export interface GrpcServerOptions {
  readonly host: string
  /** 0 picks a free one. */
  readonly port: number
  readonly auth: GrpcAuthOptions
  readonly tls: TlsFiles | undefined
  /** Serves other computers without TLS or authentication. */
  readonly insecure: boolean
  readonly limits: Limits
}

export interface GrpcAuthOptions {
  /** File with the bearer token that every call but health must carry; made where it is absent. */
  readonly tokenPath?: string
  /** PEM certificates of the authorities one of which must have signed the caller's certificate. */
  readonly clientCaPath?: string
}
