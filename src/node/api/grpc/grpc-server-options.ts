import type { Limits } from '../../core/base/limits.ts'

export interface GrpcServerOptions {
  readonly host: string
  /** 0 picks a free one. */
  readonly port: number
  readonly auth: GrpcAuthOptions
  readonly tls: GrpcTlsOptions | undefined
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

export interface GrpcTlsOptions {
  readonly certificatePath: string
  readonly keyPath: string
  /** Makes both files where they are absent: a certificate signed by its own key, for callers that are given its file. */
  readonly selfMade: boolean
}

/** A certificate that vouches for itself. */
export interface SelfMadeCertificate {
  readonly certificatePem: string
  readonly keyPem: string
}

/** Makes a key and a certificate for these DNS names and IP addresses. */
export type CertificateMaker = (names: readonly string[]) => SelfMadeCertificate
