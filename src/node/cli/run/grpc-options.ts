import { join } from 'node:path'
import { CodedError } from '../../../shared/coded-error.ts'
import { isLoopback } from '../../api/grpc/bind-safety.ts'
import type { GrpcServerOptions } from '../../api/grpc/grpc-server-options.ts'
import type { NodeConfig } from '../../config/node-config-schema.ts'
import { defaultLimits } from '../../core/base/limits.ts'

export function grpcServerOptions(config: NodeConfig): GrpcServerOptions {
  const { data, grpc, grpcAuth, grpcTls, grpcClientCa, insecure } = config
  const inData = (name: string) => join(data, name)
  return {
    host: grpc.host,
    port: grpc.port,
    auth: {
      ...(grpcAuth === 'token' && { tokenPath: config.grpcTokenFile ?? inData('grpc-token') }),
      ...(grpcClientCa !== undefined && { clientCaPath: grpcClientCa }),
    },
    tls: grpcTls
      ? {
          certificatePath: config.grpcCert ?? inData('grpc-cert.pem'),
          keyPath: config.grpcKey ?? inData('grpc-key.pem'),
          selfMade: config.grpcCert === undefined,
        }
      : undefined,
    insecure,
    limits: defaultLimits,
  }
}

/** The HTTP port has neither TLS nor authentication, and shows what a stranger need not know. */
export function assertSafeConsole({ console: address, insecure }: NodeConfig): void {
  if (insecure || isLoopback(address.host)) return
  throw new CodedError(
    'unsafe-bind',
    `refusing to serve HTTP at ${address.host}, which other computers may reach, without TLS and authentication; --insecure allows it`,
    { details: { host: address.host } },
  )
}
