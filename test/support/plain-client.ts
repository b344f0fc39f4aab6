import { join } from 'node:path'
import { Readable } from 'node:stream'
import type { ServiceClientConstructor, ServiceError } from '@grpc/grpc-js'
import { ChannelCredentials, Client, loadPackageDefinition } from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'

const protos = join(import.meta.dirname, '../../protos')

/** A client as any user of grpc-js writes it, from nothing but the .proto files. */
export interface PlainClient {
  call<Response>(method: string, request: object, options?: { readonly deadlineMs?: number }): Promise<Response>
  /** Sends all messages, as fast as they are taken, and then the end. */
  upload<Response>(method: string, messages: Iterable<object>): Promise<Response>
  close(): void
}

export type PlainService = 'memo.kvs.KeyValueStore' | 'memo.vs.ValueStore' | 'memo.v1.KeyValue'

const files: Readonly<Record<PlainService, string>> = {
  'memo.kvs.KeyValueStore': 'memo/kvs/memo_kvs.proto',
  'memo.vs.ValueStore': 'memo/vs/memo_vs.proto',
  'memo.v1.KeyValue': 'memo/v1/key_value.proto',
}

export function plainClient(service: PlainService, address: string): PlainClient {
  const options = { keepCase: true, longs: String, defaults: true, arrays: true, includeDirs: [protos] }
  let found: unknown = loadPackageDefinition(loadSync(files[service], options))
  for (const part of service.split('.')) found = (found as Record<string, unknown>)[part]
  const stub = found as ServiceClientConstructor
  const client = new Client(address, ChannelCredentials.createInsecure(), {
    'grpc.max_receive_message_length': -1,
    'grpc.max_send_message_length': -1,
  })
  const definitionOf = (method: string) => {
    const definition = stub.service[method]
    if (definition === undefined) throw new Error(`no method ${method}`)
    return definition
  }
  return {
    call: <Response>(method: string, request: object, { deadlineMs = 30_000 } = {}) => {
      const { path, requestSerialize, responseDeserialize } = definitionOf(method)
      return new Promise<Response>((resolve, reject) => {
        const deadline = Date.now() + deadlineMs
        client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, { deadline }, (error, response) => {
          if (error !== null) reject(error)
          else resolve(response as Response)
        })
      })
    },
    upload: <Response>(method: string, messages: Iterable<object>) => {
      const { path, requestSerialize, responseDeserialize } = definitionOf(method)
      return new Promise<Response>((resolve, reject) => {
        const stream = client.makeClientStreamRequest(path, requestSerialize, responseDeserialize, (error, response) => {
          if (error !== null) reject(error)
          else resolve(response as Response)
        })
        // The callback tells every failure.
        stream.on('error', () => undefined)
        Readable.from(messages).pipe(stream)
      })
    },
    close: () => client.close(),
  }
}

/** The gRPC status code of a failed call, or undefined when the error is of another kind. */
export function statusOf(error: unknown): number | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'number' ? (error as ServiceError).code : undefined
}
