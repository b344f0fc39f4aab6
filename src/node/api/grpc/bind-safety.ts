import { isIPv4, isIPv6 } from 'node:net'
import { CodedError } from '../../../shared/coded-error.ts'
import type { GrpcServerOptions } from './grpc-server-options.ts'

/** Refuses a port that strangers can reach and use. */
export function assertSafeBind({ host, auth, tls, insecure }: GrpcServerOptions): void {
  if (tls === undefined && hasClientAuthority(auth)) {
    throw new CodedError('config-invalid', 'client certificates need TLS: give --grpc-tls with --grpc-client-ca')
  }
  if (insecure || isLoopback(host)) return
  const missing = [tls === undefined ? 'TLS (--grpc-tls)' : '', authenticates(auth) ? '' : authAdvice].filter(
    (each) => each !== '',
  )
  if (missing.length === 0) return
  throw new CodedError(
    'unsafe-bind',
    `refusing to serve gRPC at ${host}, which other computers may reach, without ${missing.join(' and ')}; --insecure allows it`,
    { details: { host } },
  )
}

const authAdvice = 'authentication (--grpc-auth token or --grpc-client-ca)'

export function isLoopback(host: string): boolean {
  const name = host.toLowerCase()
  if (isIPv4(name)) return name.startsWith('127.')
  if (isIPv6(name)) return name === '::1' || name === '0:0:0:0:0:0:0:1' || name.startsWith('::ffff:127.')
  return name === 'localhost' || name.endsWith('.localhost')
}

function authenticates(auth: GrpcServerOptions['auth']): boolean {
  return auth.tokenPath !== undefined || hasClientAuthority(auth)
}

function hasClientAuthority(auth: GrpcServerOptions['auth']): boolean {
  return auth.clientCaPath !== undefined
}
