import { join } from 'node:path'
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
