import type { ServiceClientConstructor } from '@grpc/grpc-js'
import { ChannelCredentials, Client, loadPackageDefinition } from '@grpc/grpc-js'
import type { Options } from '@grpc/proto-loader'
import { loadSync } from '@grpc/proto-loader'

const options: Options = { keepCase: true, longs: Number, defaults: true, arrays: true }

export interface UnaryClient {
  call<Response>(method: string, request: object): Promise<Response>
  /** The request of a method as its bytes. */
  encode(method: string, request: object): { readonly path: string; readonly message: Uint8Array }
  close(): void
}

/** What a user of grpc-js writes: a client made from the .proto file alone. One connection. */
export function unaryClient(
  protoPath: string,
  includeDirectories: readonly string[],
  service: string,
  port: number,
): UnaryClient {
  const loaded = loadPackageDefinition(loadSync(protoPath, { ...options, includeDirs: [...includeDirectories] }))
  let found: unknown = loaded
  for (const part of service.split('.')) found = (found as Record<string, unknown>)[part]
  const stub = found as ServiceClientConstructor
  const client = new Client(`127.0.0.1:${port}`, ChannelCredentials.createInsecure(), {
    'grpc.max_receive_message_length': -1,
    'grpc.max_send_message_length': -1,
  })
  const definitionOf = (method: string) => {
    const definition = stub.service[method]
    if (definition === undefined) throw new Error(`no method ${method}`)
    return definition
  }
  return {
    call: <Response>(method: string, request: object) => {
      const { path, requestSerialize, responseDeserialize } = definitionOf(method)
      return new Promise<Response>((resolve, reject) => {
        client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, (error, response) => {
          if (error !== null) reject(error)
          else resolve(response as Response)
        })
      })
    },
    encode: (method, request) => {
      const { path, requestSerialize } = definitionOf(method)
      return { path, message: requestSerialize(request) }
    },
    close: () => client.close(),
  }
}
