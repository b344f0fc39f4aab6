import type { DescMessage, DescMethod, MessageInitShape, MessageShape } from '@bufbuild/protobuf'
import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import type { CallOptions, ChannelCredentials, ServiceError } from '@grpc/grpc-js'
import { Client, credentials, Metadata } from '@grpc/grpc-js'
import { SystemClock } from '../../../src/node/adapters/system-clock/system-clock.ts'
import { SystemRandom } from '../../../src/node/adapters/system-random/system-random.ts'
import { makeCertificate } from '../../../src/node/adapters/tls-certificate/make-certificate.ts'
import type { GrpcObserver } from '../../../src/node/api/grpc/grpc-observer.ts'
import type { GrpcServer, GrpcServerPorts } from '../../../src/node/api/grpc/grpc-server.ts'
import { createGrpcServer } from '../../../src/node/api/grpc/grpc-server.ts'
import type { GrpcServerOptions } from '../../../src/node/api/grpc/grpc-server-options.ts'
import type { BoundAddress } from '../../../src/node/api/grpc/port-listener.ts'
import { equalBytes } from '../../../src/node/core/base/bytes.ts'
import type { Limits } from '../../../src/node/core/base/limits.ts'
import { defaultLimits } from '../../../src/node/core/base/limits.ts'
import type { BlockService } from '../../../src/node/engine/block/block-service.ts'
import type { ClusterService } from '../../../src/node/engine/cluster/cluster-service.ts'
import type { KeyValueService } from '../../../src/node/engine/kv/key-value-service.ts'
import { fakeBlocks, fakeCluster, fakeKeyValues } from './fake-services.ts'

type CallFacts = Parameters<GrpcObserver['grpcCallEnded']>[0]
type FailureFacts = Parameters<GrpcObserver['grpcCallFailed']>[0]
type HandshakeFacts = Parameters<GrpcObserver['tlsHandshakeFailed']>[0]
type UnreadFacts = Parameters<GrpcObserver['unreadConnectionEnded']>[0]

/** Keeps what a server reports. */
export class RecordingObserver implements GrpcObserver {
  readonly ended: CallFacts[] = []
  readonly failed: FailureFacts[] = []
  readonly handshakes: HandshakeFacts[] = []
  readonly unread: UnreadFacts[] = []

  grpcCallEnded(facts: CallFacts): void {
    this.ended.push(facts)
  }

  grpcCallFailed(facts: FailureFacts): void {
    this.failed.push(facts)
  }

  connectionFailed(): void {}

  tlsHandshakeFailed(facts: HandshakeFacts): void {
    this.handshakes.push(facts)
  }

  unreadConnectionEnded(facts: UnreadFacts): void {
    this.unread.push(facts)
  }
}

export interface RigOptions extends Partial<Omit<GrpcServerOptions, 'limits'>> {
  readonly limits?: Partial<Limits>
  readonly keyValues?: Partial<KeyValueService>
  readonly blocks?: Partial<BlockService>
  readonly cluster?: Partial<ClusterService>
  readonly observer?: GrpcObserver
}

export function serverOf(options: RigOptions): GrpcServer {
  const { keyValues = {}, blocks = {}, cluster = {}, observer = new RecordingObserver(), limits, ...rest } = options
  const ports: GrpcServerPorts = {
    clock: new SystemClock(),
    random: new SystemRandom(),
    crypto: { equal: equalBytes },
    observer,
    makeCertificate,
  }
  return createGrpcServer(
    { host: '127.0.0.1', port: 0, auth: {}, tls: undefined, insecure: false, ...rest, limits: { ...defaultLimits, ...limits } },
    { keyValues: fakeKeyValues(keyValues), blocks: fakeBlocks(blocks), cluster: fakeCluster(cluster) },
    ports,
  )
}

/** A server and a client for it. */
export class GrpcRig implements AsyncDisposable {
  readonly server: GrpcServer
  readonly address: BoundAddress
  readonly client: TestClient

  constructor(server: GrpcServer, address: BoundAddress, client: TestClient) {
    this.server = server
    this.address = address
    this.client = client
  }

  static async start(options: RigOptions = {}, channel: ChannelCredentials = credentials.createInsecure()): Promise<GrpcRig> {
    const server = serverOf(options)
    const address = await server.start()
    return new GrpcRig(server, address, new TestClient(`127.0.0.1:${address.port}`, channel))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client.close()
    await this.server.stop()
  }
}

const identity = (bytes: Buffer): Buffer => bytes

export class TestClient {
  readonly raw: Client

  constructor(target: string, channel: ChannelCredentials) {
    this.raw = new Client(target, channel, {
      'grpc.max_send_message_length': -1,
      'grpc.max_receive_message_length': -1,
      'grpc.use_local_subchannel_pool': 1,
    })
  }

  /** Answers the response or throws the status. */
  async call<Input extends DescMessage, Output extends DescMessage>(
    method: DescMethod & { readonly input: Input; readonly output: Output },
    request: MessageInitShape<Input>,
    options: CallOptions = {},
    metadata: Metadata = new Metadata(),
  ): Promise<MessageShape<Output>> {
    const bytes = await this.send(pathOf(method), bytesOf(method.input, request), options, metadata)
    return fromBinary(method.output, new Uint8Array(bytes))
  }

  /** The status with which a call fails. */
  async fail<Input extends DescMessage>(
    method: DescMethod & { readonly input: Input },
    request: MessageInitShape<Input>,
    options: CallOptions = {},
    metadata: Metadata = new Metadata(),
  ): Promise<ServiceError> {
    return failureOf(this.send(pathOf(method), bytesOf(method.input, request), options, metadata))
  }

  send(path: string, bytes: Buffer, options: CallOptions = {}, metadata: Metadata = new Metadata()): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.raw.makeUnaryRequest(path, identity, identity, bytes, metadata, options, (error, response) => {
        if (error === null && response !== undefined) resolve(response)
        else reject(error)
      })
    })
  }

  async upload<Input extends DescMessage, Output extends DescMessage>(
    method: DescMethod & { readonly input: Input; readonly output: Output },
    requests: readonly MessageInitShape<Input>[],
  ): Promise<MessageShape<Output>> {
    const bytes = await new Promise<Buffer>((resolve, reject) => {
      const call = this.raw.makeClientStreamRequest<Buffer, Buffer>(pathOf(method), identity, identity, (error, response) => {
        if (error === null && response !== undefined) resolve(response)
        else reject(error)
      })
      for (const request of requests) call.write(bytesOf(method.input, request))
      call.end()
    })
    return fromBinary(method.output, new Uint8Array(bytes))
  }

  async download<Input extends DescMessage, Output extends DescMessage>(
    method: DescMethod & { readonly input: Input; readonly output: Output },
    request: MessageInitShape<Input>,
  ): Promise<MessageShape<Output>[]> {
    const call = this.raw.makeServerStreamRequest<Buffer, Buffer>(
      pathOf(method),
      identity,
      identity,
      bytesOf(method.input, request),
    )
    const parts: MessageShape<Output>[] = []
    for await (const bytes of call) parts.push(fromBinary(method.output, new Uint8Array(bytes as Buffer)))
    return parts
  }

  close(): void {
    this.raw.close()
  }
}

export async function failureOf(promise: Promise<unknown>): Promise<ServiceError> {
  try {
    await promise
  } catch (error) {
    return error as ServiceError
  }
  throw new Error('the call did not fail')
}

export function pathOf(method: DescMethod): string {
  return `/${method.parent.typeName}/${method.name}`
}

export function bytesOf<Input extends DescMessage>(schema: Input, init: MessageInitShape<Input>): Buffer {
  return Buffer.from(toBinary(schema, create(schema, init)))
}
