import { join } from 'node:path'
import type { GrpcObject, ServiceClientConstructor, ServiceError } from '@grpc/grpc-js'
import { Client, credentials, loadPackageDefinition, status } from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'
import type { CaseFile, CaseState, Json, Step } from './case-file.ts'
import { mismatch, resolve } from './case-file.ts'

const protos = join(import.meta.dirname, '../../protos')
const files = ['memo/kvs/memo_kvs.proto', 'memo/vs/memo_vs.proto', 'memo/v1/key_value.proto', 'memo/v1/blocks.proto']

interface Answer {
  readonly messages: readonly Json[]
  readonly error: ServiceError | undefined
}

/** The form of a message type that the loader gives beside the services. */
interface LoadedType {
  readonly deserialize?: (bytes: Buffer) => Json
}

/** Runs cases as a user of grpc-js would write them, with nothing but the .proto files. */
export class CaseRunner {
  readonly #client: Client
  readonly #definition = loadSync(files, {
    keepCase: true,
    longs: String,
    enums: String,
    bytes: String,
    defaults: true,
    oneofs: true,
    includeDirs: [protos],
  })
  readonly #packages: GrpcObject = loadPackageDefinition(this.#definition)

  constructor(address: string) {
    this.#client = new Client(address, credentials.createInsecure(), {
      'grpc.max_send_message_length': -1,
      'grpc.max_receive_message_length': -1,
    })
  }

  close(): void {
    this.#client.close()
  }

  async run(file: CaseFile, steps: readonly Step[]): Promise<void> {
    const state: CaseState = { saved: new Map(), startedMs: Date.now() }
    for (const [index, step] of steps.entries()) {
      const answer = await this.#call(step.service ?? file.service, step, state)
      const fault = this.#faultOf(step, answer, state)
      if (fault !== undefined) throw new Error(`step ${index + 1}, ${step.call}: ${fault}`)
      if (step.save !== undefined) state.saved.set(step.save, answer.messages[0] ?? {})
    }
  }

  async #call(service: string, step: Step, state: CaseState): Promise<Answer> {
    const method = this.#service(service)[step.call]
    if (method === undefined) throw new Error(`${service} has no ${step.call}`)
    const { path, requestSerialize, responseDeserialize } = method
    const messages: Json[] = []
    const serialize = step.raw === undefined ? requestSerialize : () => Buffer.from(step.raw ?? '', 'hex')
    const request = resolve(step.request ?? {}, state)
    try {
      if (method.requestStream) {
        messages.push(await this.#upload(path, serialize, responseDeserialize, resolve(step.requests ?? [], state)))
      } else if (method.responseStream) {
        for await (const each of this.#client.makeServerStreamRequest(path, serialize, responseDeserialize, request))
          messages.push(each)
      } else {
        messages.push(await this.#unary(path, serialize, responseDeserialize, request))
      }
      return { messages, error: undefined }
    } catch (error) {
      return { messages, error: error as ServiceError }
    }
  }

  #unary(path: string, serialize: (value: Json) => Buffer, deserialize: (bytes: Buffer) => Json, request: Json): Promise<Json> {
    return new Promise((done, fail) => {
      this.#client.makeUnaryRequest(path, serialize, deserialize, request, (error, response) => {
        if (error === null) done(response ?? {})
        else fail(error)
      })
    })
  }

  #upload(path: string, serialize: (value: Json) => Buffer, deserialize: (bytes: Buffer) => Json, requests: Json): Promise<Json> {
    return new Promise((done, fail) => {
      const call = this.#client.makeClientStreamRequest(path, serialize, deserialize, (error, response) => {
        if (error === null) done(response ?? {})
        else fail(error)
      })
      for (const request of requests as readonly Json[]) call.write(request)
      call.end()
    })
  }

  #faultOf(step: Step, { messages, error }: Answer, state: CaseState): string | undefined {
    const expected = step.status ?? 'OK'
    const actual = error === undefined ? 'OK' : (status[error.code] ?? String(error))
    if (actual !== expected) return `status is ${actual} (${error?.details}), not ${expected}`
    const details = error?.details ?? ''
    const whole = step.message === undefined ? details : resolve(step.message, state)
    if (details !== whole) return `message is ${details}`
    if (step.messageHas !== undefined && !details.includes(String(resolve(step.messageHas, state))))
      return `message is ${details}`
    const code = error?.metadata.get('memo-code')[0]
    if (step.code !== undefined && code !== step.code) return `memo-code is ${code}`
    if (step.conflict !== undefined && error !== undefined) {
      return mismatch(this.#conflictOf(error), resolve(step.conflict, state), 'conflict')
    }
    if (step.responses !== undefined) return mismatch([...messages], resolve(step.responses, state), 'responses')
    return step.response === undefined ? undefined : mismatch(messages[0], resolve(step.response, state), 'response')
  }

  #conflictOf(error: ServiceError): Json {
    const [bytes] = error.metadata.get('grpc-status-details-bin')
    if (!Buffer.isBuffer(bytes)) throw new Error('the status has no details')
    const details = this.#decode('memo.v1.StatusDetails', bytes) as {
      code: number
      details: { type_url: string; value: string }[]
    }
    const [any] = details.details
    if (details.code !== status.ABORTED || any?.type_url !== 'type.googleapis.com/memo.v1.Conflict')
      throw new Error('no conflict')
    return this.#decode('memo.v1.Conflict', Buffer.from(any.value, 'base64'))
  }

  #decode(type: string, bytes: Buffer): Json {
    const { deserialize } = this.#definition[type] as LoadedType
    if (deserialize === undefined) throw new Error(`the loader does not decode ${type}`)
    return deserialize(bytes)
  }

  #service(name: string): ServiceClientConstructor['service'] {
    let found: unknown = this.#packages
    for (const part of name.split('.')) found = (found as GrpcObject)[part]
    return (found as ServiceClientConstructor).service
  }
}
