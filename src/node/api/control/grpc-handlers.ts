import type { GrpcInfo, GrpcTest } from '../../../ipc/contract/status-schemas.ts'
import { controlBase } from './control-base.ts'

export interface GrpcParts {
  readonly grpc: GrpcSource
}

export interface GrpcSource {
  info(): GrpcInfo
  /** A real call through the port. */
  test(): Promise<GrpcTest>
}

export function grpcHandlers({ grpc: source }: GrpcParts) {
  const { grpc } = controlBase
  return {
    info: grpc.info.handler(() => source.info()),
    test: grpc.test.handler(() => source.test()),
  }
}
