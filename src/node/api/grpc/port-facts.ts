import type { GrpcServerOptions } from './grpc-server-options.ts'
import type { BoundAddress } from './port-listener.ts'

/** What a program must know to call this port. */
export interface GrpcPortFacts {
  /** HOST:PORT at which programs of this computer reach it. */
  readonly address: string
  /** As bound. */
  readonly host: string
  readonly port: number
  readonly tls: boolean
  /** PEM file that callers have to trust, where the certificate is self-made. */
  readonly certificateFile?: string
  readonly auth: 'none' | 'token' | 'mtls'
  readonly tokenFile?: string
  readonly reflection: boolean
}

export function grpcPortFacts({ auth, tls }: GrpcServerOptions, bound: BoundAddress): GrpcPortFacts {
  const { tokenPath, clientCaPath } = auth
  const host = reachableHost(bound.host)
  return {
    address: `${host.includes(':') ? `[${host}]` : host}:${bound.port}`,
    ...bound,
    tls: tls !== undefined,
    ...(tls?.selfMade === true && { certificateFile: tls.certificatePath }),
    auth: clientCaPath !== undefined ? 'mtls' : tokenPath !== undefined ? 'token' : 'none',
    ...(tokenPath !== undefined && { tokenFile: tokenPath }),
    reflection: true,
  }
}

/** An address that stands for all of them is none to connect to. */
export function reachableHost(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1'
  return host === '::' ? '::1' : host
}
