import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fromBinary } from '@bufbuild/protobuf'
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt'
import type { ServiceError } from '@grpc/grpc-js'
import { Client, credentials, makeClientConstructor, status } from '@grpc/grpc-js'
import type { ServiceDefinition } from '@grpc/proto-loader'
import { loadSync } from '@grpc/proto-loader'
import { service as healthService } from 'grpc-health-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { MemoProcess } from '../support/memo-process.ts'
import { startMemo } from '../support/memo-process.ts'

const reflectionFolder = join(dirname(createRequire(import.meta.url).resolve('@grpc/reflection')), '../proto')
const served = ['memo.kvs.KeyValueStore', 'memo.v1.Blocks', 'memo.v1.Cluster', 'memo.v1.KeyValue', 'memo.vs.ValueStore']
const folder = mkdtempSync(join(tmpdir(), 'memo-reflection-'))
let memo: MemoProcess
let client: Client

beforeAll(async () => {
  memo = await startMemo(join(folder, 'data'))
  client = new Client(memo.ready.grpc, credentials.createInsecure())
})

afterAll(async () => {
  client?.close()
  await memo?.terminate()
  rmSync(folder, { recursive: true, force: true })
})

interface ReflectionAnswer {
  readonly list_services_response?: { readonly service: readonly { readonly name: string }[] }
  readonly file_descriptor_response?: { readonly file_descriptor_proto: readonly Buffer[] }
  readonly error_response?: { readonly error_code: number }
}

for (const version of ['v1', 'v1alpha']) {
  const ask = (question: object): Promise<ReflectionAnswer> => {
    const file = `grpc/reflection/${version}/reflection.proto`
    const loaded = loadSync(file, { keepCase: true, includeDirs: [reflectionFolder] })
    const definition = loaded[`grpc.reflection.${version}.ServerReflection`] as ServiceDefinition
    const method = definition.ServerReflectionInfo
    if (method === undefined) throw new Error('the reflection service has no method')
    return new Promise((resolve, reject) => {
      const call = client.makeBidiStreamRequest(method.path, method.requestSerialize, method.responseDeserialize)
      call.on('data', (answer) => resolve(answer as ReflectionAnswer))
      call.on('error', reject)
      call.write(question)
      call.end()
    })
  }

  test(`reflection ${version} names the services and describes them`, async () => {
    const { list_services_response: list } = await ask({ list_services: '*' })
    const names = list?.service.map(({ name }) => name) ?? []
    expect(names.filter((name) => name.startsWith('memo.')).sort()).toEqual(served)
    for (const name of served) {
      const { file_descriptor_response: response } = await ask({ file_containing_symbol: name })
      const files = (response?.file_descriptor_proto ?? []).map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes))
      const services = files.flatMap((file) => file.service.map((each) => `${file.package}.${each.name}`))
      expect(services).toContain(name)
    }
    expect((await ask({ file_containing_symbol: 'memo.kvs.None' })).error_response?.error_code).toBe(status.NOT_FOUND)
  })
}

test('health says that the node and each of its services serve', async () => {
  const HealthClient = makeClientConstructor(healthService, 'Health')
  const health = new HealthClient(memo.ready.grpc, credentials.createInsecure())
  const check = (service: string): Promise<{ readonly status: string }> => {
    const { path, requestSerialize, responseDeserialize } = healthService.Check as ServiceDefinition[string]
    return new Promise((resolve, reject) => {
      health.makeUnaryRequest(path, requestSerialize, responseDeserialize, { service }, (error, response) =>
        error === null ? resolve(response as { readonly status: string }) : reject(error),
      )
    })
  }
  for (const service of ['', ...served]) expect((await check(service)).status).toBe('SERVING')
  await expect(check('memo.None')).rejects.toMatchObject({ code: status.NOT_FOUND } satisfies Partial<ServiceError>)
  health.close()
})
