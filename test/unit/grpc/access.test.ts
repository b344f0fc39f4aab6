import { createPrivateKey, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import type { AddressInfo, Server, Socket } from 'node:net'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { credentials, Metadata, status } from '@grpc/grpc-js'
import type { ServiceDefinition } from '@grpc/proto-loader'
import { service as healthService } from 'grpc-health-check'
import { afterAll, expect, test, vi } from 'vitest'
import { makeCertificate } from '../../../src/node/adapters/tls-certificate/make-certificate.ts'
import { isLoopback } from '../../../src/node/api/grpc/bind-safety.ts'
import { KeyValueStore } from '../../../src/node/api/grpc/generated/memo/kvs/memo_kvs_pb.js'
import { KeyValue } from '../../../src/node/api/grpc/generated/memo/v1/key_value_pb.js'
import { MapKeyValues } from './fake-services.ts'
import type { RigOptions } from './grpc-rig.ts'
import { failureOf, GrpcRig, RecordingObserver, serverOf, TestClient } from './grpc-rig.ts'

const folder = mkdtempSync(join(tmpdir(), 'memo-access-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const { upsert, fetch } = KeyValueStore.method
let files = 0
const fresh = (name: string): string => join(folder, `${files++}-${name}`)

function bearer(token: string): Metadata {
  const metadata = new Metadata()
  metadata.set('authorization', `Bearer ${token}`)
  return metadata
}

function checkHealth(client: TestClient): Promise<Buffer> {
  const { path } = healthService.Check as ServiceDefinition[string]
  return client.send(path, Buffer.alloc(0))
}

async function codeOfStart(options: RigOptions): Promise<unknown> {
  const server = serverOf(options)
  try {
    await server.start()
  } catch (error) {
    return error
  }
  await server.stop()
  return undefined
}

test('the token is made at the first start, readable by its owner only, and kept', async () => {
  const tokenPath = fresh('token')
  const keyValues = new MapKeyValues().service()
  const first = await GrpcRig.start({ auth: { tokenPath }, keyValues })
  const token = readFileSync(tokenPath, 'utf8').trim()
  expect(statSync(tokenPath).mode & 0o777).toBe(0o600)
  expect(token).toMatch(/^[\w-]{43}$/)
  await first.client.call(upsert, { key: 'k' }, {}, bearer(token))
  await first[Symbol.asyncDispose]()
  await using second = await GrpcRig.start({ auth: { tokenPath }, keyValues })
  await second.client.call(fetch, { key: 'k' }, {}, bearer(token))
})

test('no call but health passes without the token', async () => {
  const tokenPath = fresh('token')
  const observer = new RecordingObserver()
  const keyValues = new MapKeyValues()
  await using rig = await GrpcRig.start({ auth: { tokenPath }, keyValues: keyValues.service(), observer })
  const token = readFileSync(tokenPath, 'utf8').trim()
  const refused = [new Metadata(), bearer(`${token}x`), bearer(token.slice(1)), bearer(''), bearer(token.toUpperCase())]
  for (const metadata of refused) {
    const error = await rig.client.fail(upsert, { key: 'k' }, {}, metadata)
    expect(error.code).toBe(status.UNAUTHENTICATED)
    expect(error.metadata.get('memo-code')).toEqual(['unauthenticated'])
  }
  expect(keyValues.values.size).toBe(0)
  expect(observer.ended.map(({ statusCode }) => statusCode)).toEqual(refused.map(() => status.UNAUTHENTICATED))
  const reflection = await failureOf(
    rig.client.send('/grpc.reflection.v1.ServerReflection/ServerReflectionInfo', Buffer.alloc(0)),
  )
  expect(reflection.code).toBe(status.UNAUTHENTICATED)
  await expect(rig.client.upload(KeyValue.method.putStream, [])).rejects.toMatchObject({ code: status.UNAUTHENTICATED })
  await expect(rig.client.download(KeyValue.method.getStream, { key: 'k' })).rejects.toMatchObject({
    code: status.UNAUTHENTICATED,
  })
  expect((await checkHealth(rig.client)).toString('hex')).toBe('0801')
  const lowerCase = new Metadata()
  lowerCase.set('authorization', `bearer ${token}`)
  await rig.client.call(upsert, { key: 'k' }, {}, lowerCase)
})

test('a token that others can read, or that is short, is refused', async () => {
  const open = fresh('token')
  writeFileSync(open, 'a token long enough to be one')
  chmodSync(open, 0o644)
  expect(await codeOfStart({ auth: { tokenPath: open } })).toMatchObject({ code: 'key-unavailable' })
  const short = fresh('token')
  writeFileSync(short, 'short', { mode: 0o600 })
  expect(await codeOfStart({ auth: { tokenPath: short } })).toMatchObject({ code: 'config-invalid' })
})

test('TLS with a certificate made at the first start, for callers that have its file', async () => {
  const tls = { certificatePath: fresh('cert.pem'), keyPath: fresh('key.pem'), selfMade: true }
  const server = serverOf({ tls, keyValues: new MapKeyValues().service() })
  const { port } = await server.start()
  const certificate = readFileSync(tls.certificatePath)
  expect(statSync(tls.keyPath).mode & 0o777).toBe(0o600)
  for (const host of ['localhost', '127.0.0.1']) {
    const client = new TestClient(`${host}:${port}`, credentials.createSsl(certificate))
    await client.call(upsert, { key: 'k' })
    client.close()
  }
  const stranger = new TestClient(`127.0.0.1:${port}`, credentials.createSsl())
  expect(await stranger.fail(upsert, { key: 'k' })).toMatchObject({ code: status.UNAVAILABLE })
  stranger.close()
  const plain = new TestClient(`127.0.0.1:${port}`, credentials.createInsecure())
  expect(await plain.fail(upsert, { key: 'k' })).toMatchObject({ code: status.UNAVAILABLE })
  plain.close()
  await server.stop()
  await using again = await GrpcRig.start({ tls, keyValues: new MapKeyValues().service() }, credentials.createSsl(certificate))
  await again.client.call(upsert, { key: 'k' })
})

test('the made certificate names its addresses and is signed by its own key', () => {
  const { certificatePem, keyPem } = makeCertificate(['localhost', '127.0.0.1', '::1', 'fe80::1:2'])
  const certificate = new X509Certificate(certificatePem)
  expect(certificate.verify(certificate.publicKey)).toBe(true)
  expect(certificate.checkPrivateKey(createPrivateKey(keyPem))).toBe(true)
  expect(certificate.ca).toBe(false)
  expect(certificate.checkHost('localhost')).toBe('localhost')
  expect(certificate.checkHost('example.com')).toBe(undefined)
  for (const address of ['127.0.0.1', '::1', 'fe80::1:2']) expect(certificate.checkIP(address)).toBe(address)
  expect(certificate.checkIP('127.0.0.2')).toBe(undefined)
  expect(new Date(certificate.validTo).getUTCFullYear()).toBe(9999)
})

test('mutual TLS admits only callers with a certificate of the authority', async () => {
  const own = makeCertificate(['localhost', '127.0.0.1'])
  const caller = makeCertificate(['caller'])
  const other = makeCertificate(['other'])
  const tls = { certificatePath: fresh('cert.pem'), keyPath: fresh('key.pem'), selfMade: false }
  writeFileSync(tls.certificatePath, own.certificatePem)
  writeFileSync(tls.keyPath, own.keyPem, { mode: 0o600 })
  const clientCaPath = fresh('ca.pem')
  writeFileSync(clientCaPath, caller.certificatePem)
  const root = Buffer.from(own.certificatePem)
  const channelOf = (each: typeof caller) =>
    credentials.createSsl(root, Buffer.from(each.keyPem), Buffer.from(each.certificatePem))
  await using rig = await GrpcRig.start(
    { tls, auth: { clientCaPath }, keyValues: new MapKeyValues().service() },
    channelOf(caller),
  )
  await rig.client.call(upsert, { key: 'k' })
  for (const channel of [channelOf(other), credentials.createSsl(root)]) {
    const stranger = new TestClient(`127.0.0.1:${rig.address.port}`, channel)
    expect(await stranger.fail(upsert, { key: 'k' })).toMatchObject({ code: status.UNAVAILABLE })
    stranger.close()
  }
  await rig.client.call(fetch, { key: 'k' })
})

/** A port that knows its own certificate as the only authority of its callers. */
function watchedTls() {
  const own = makeCertificate(['localhost', '127.0.0.1'])
  const other = makeCertificate(['other'])
  const tls = { certificatePath: fresh('cert.pem'), keyPath: fresh('key.pem'), selfMade: false }
  writeFileSync(tls.certificatePath, own.certificatePem)
  writeFileSync(tls.keyPath, own.keyPem, { mode: 0o600 })
  const observer = new RecordingObserver()
  return { own, other, tls, observer }
}

test('a caller that the TLS port refuses is told of with its address and the reason, and of many only the first', async () => {
  const { own, other, tls, observer } = watchedTls()
  const limits = { grpcHandshakesToldPerMinute: 2 }
  await using rig = await GrpcRig.start({ tls, auth: { clientCaPath: tls.certificatePath }, observer, limits })
  const { port } = rig.address
  const next = async (socket: Socket, text?: string): Promise<unknown> => {
    const before = observer.handshakes.length
    socket.on('error', () => {})
    await once(socket, 'connect')
    const caller = `127.0.0.1:${socket.localPort}`
    if (text !== undefined) socket.end(text)
    await vi.waitFor(() => expect(observer.handshakes).toHaveLength(before + 1))
    socket.destroy()
    const { caller: told, ...facts } = observer.handshakes.at(-1) ?? {}
    expect(told).toBe(caller)
    return facts
  }
  const shown = { port, host: '127.0.0.1', ca: own.certificatePem, ALPNProtocols: ['h2'] }
  const wrong = { ...shown, cert: other.certificatePem, key: other.keyPem }
  const certificate = { cause: 'certificate', isOneOfMany: false }
  expect(await next(connectTls(wrong))).toEqual({ ...certificate, reason: 'DEPTH_ZERO_SELF_SIGNED_CERT' })
  expect(await next(connectTls(shown))).toEqual({ ...certificate, reason: 'peer did not return a certificate' })
  expect(await next(connectTls(wrong))).toMatchObject({ cause: 'certificate', isOneOfMany: true })
  expect(await next(connect({ port, host: '127.0.0.1' }), 'PRI * HTTP/2.0\r\n\r\n')).toMatchObject({
    cause: 'protocol',
    isOneOfMany: false,
  })
  expect(await next(connect({ port, host: '127.0.0.1' }), '')).toMatchObject({ cause: 'gone', isOneOfMany: false })
})

test('each of many callers that are refused at the same time is told of by its own address', async () => {
  const { own, other, tls, observer } = watchedTls()
  await using rig = await GrpcRig.start({ tls, auth: { clientCaPath: tls.certificatePath }, observer })
  const shown = { port: rig.address.port, host: '127.0.0.1', ca: own.certificatePem, ALPNProtocols: ['h2'] }
  const expected = await Promise.all(
    Array.from({ length: 60 }, async (_, index) => {
      const refused = index % 2 === 0 ? shown : { ...shown, cert: other.certificatePem, key: other.keyPem }
      const socket = index % 3 === 0 ? connect(shown.port, shown.host) : connectTls(refused)
      socket.on('error', () => {})
      await once(socket, 'connect')
      const caller = `127.0.0.1:${socket.localPort}`
      if (index % 3 !== 0) return `${caller} certificate`
      if (index % 2 === 0) socket.end()
      else socket.resetAndDestroy()
      return `${index % 2 === 0 ? caller : 'unknown'} gone`
    }),
  )
  await vi.waitFor(() => expect(observer.handshakes).toHaveLength(expected.length))
  expect(observer.handshakes.map(({ caller, cause }) => `${caller} ${cause}`).sort()).toEqual(expected.sort())
})

test('certificates and keys that are missing, open or unusable are named', async () => {
  const missing = { certificatePath: fresh('cert.pem'), keyPath: fresh('key.pem'), selfMade: false }
  expect(await codeOfStart({ tls: missing })).toMatchObject({
    code: 'key-unavailable',
    message: expect.stringContaining('cert.pem'),
  })
  const made = makeCertificate(['localhost'])
  writeFileSync(missing.certificatePath, made.certificatePem)
  writeFileSync(missing.keyPath, made.keyPem)
  chmodSync(missing.keyPath, 0o640)
  expect(await codeOfStart({ tls: missing })).toMatchObject({
    code: 'key-unavailable',
    message: expect.stringContaining('chmod 600'),
  })
  chmodSync(missing.keyPath, 0o600)
  writeFileSync(missing.certificatePath, makeCertificate(['localhost']).certificatePem)
  expect(await codeOfStart({ tls: missing })).toMatchObject({ code: 'config-invalid' })
})

test('an address that others reach needs TLS and authentication, or the word of its owner', async () => {
  const tokenPath = fresh('token')
  const tls = { certificatePath: fresh('cert.pem'), keyPath: fresh('key.pem'), selfMade: true }
  const host = '0.0.0.0'
  expect(await codeOfStart({ host })).toMatchObject({
    code: 'unsafe-bind',
    message: expect.stringMatching(/--grpc-tls.*--grpc-auth token/),
  })
  expect(await codeOfStart({ host, auth: { tokenPath } })).toMatchObject({
    code: 'unsafe-bind',
    message: expect.stringContaining('TLS'),
  })
  expect(await codeOfStart({ host, tls })).toMatchObject({
    code: 'unsafe-bind',
    message: expect.stringContaining('authentication'),
  })
  expect(await codeOfStart({ host: '::' })).toMatchObject({ code: 'unsafe-bind' })
  expect(await codeOfStart({ host, tls, auth: { tokenPath } })).toBe(undefined)
  expect(await codeOfStart({ host, insecure: true })).toBe(undefined)
  expect(await codeOfStart({ auth: { clientCaPath: fresh('ca.pem') } })).toMatchObject({ code: 'config-invalid' })
})

test('only the computer itself is reached at its loopback addresses', () => {
  const own = ['127.0.0.1', '127.8.9.10', '::1', 'localhost', 'LOCALHOST', 'memo.localhost', '::ffff:127.0.0.1']
  const others = ['0.0.0.0', '::', '10.0.0.1', '192.168.1.127', '127.example.com', 'localhost.example.com', 'fe80::1']
  expect(own.filter((host) => !isLoopback(host))).toEqual([])
  expect(others.filter((host) => isLoopback(host))).toEqual([])
})

test('a taken port names who holds it', async () => {
  const holder: Server = createServer()
  holder.listen(0, '127.0.0.1')
  await once(holder, 'listening')
  const { port } = holder.address() as AddressInfo
  const error = await codeOfStart({ port })
  expect(error).toMatchObject({ code: 'port-in-use', message: expect.stringContaining(String(port)) })
  if (process.platform === 'linux') {
    expect(error).toMatchObject({
      message: expect.stringMatching(`node.*\\(process ${process.pid}\\)`),
      details: { pid: process.pid },
    })
  }
  holder.close()
})

test('an address that is not of this computer is a fault of the configuration', async () => {
  expect(await codeOfStart({ host: '127.0.0.1', port: 0 })).toBe(undefined)
  expect(await codeOfStart({ host: '192.0.2.1', insecure: true })).toMatchObject({ code: 'config-invalid' })
})
