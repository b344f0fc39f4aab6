import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { call } from '@orpc/server'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeCertificate } from '../../../src/node/adapters/tls-certificate/make-certificate.ts'
import { clientsHandlers } from '../../../src/node/api/control/clients-handlers.ts'
import { grpcHandlers } from '../../../src/node/api/control/grpc-handlers.ts'
import { ClientConnections } from '../../../src/node/api/grpc/client-connections.ts'
import { KeyValue } from '../../../src/node/api/grpc/generated/memo/v1/key_value_pb.js'
import { grpcPortFacts } from '../../../src/node/api/grpc/port-facts.ts'
import { testKeyPrefix } from '../../../src/node/api/grpc/port-test.ts'
import { defaultLimits } from '../../../src/node/core/base/limits.ts'
import type { KeyValueService } from '../../../src/node/engine/kv/key-value-service.ts'
import { KeyValueWorld, ManualClock } from '../../support/key-value-world.ts'
import { controlContext } from '../control/handler-bed.ts'
import { GrpcRig, serverOf } from './grpc-rig.ts'

let folder = ''
let world: KeyValueWorld
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'memo-port-test-'))
  world = await KeyValueWorld.make()
})
afterAll(async () => {
  await world.close()
  rmSync(folder, { recursive: true, force: true })
})

/** The methods by themselves: the rig copies what it is given. */
function served(): Partial<KeyValueService> {
  const { kv } = world
  return {
    put: (...asked) => kv.put(...asked),
    get: (...asked) => kv.get(...asked),
    delete: (...asked) => kv.delete(...asked),
  }
}

const soon = { timeout: 4000, interval: 10 }

function socketOf(port: number, family = 'IPv4') {
  const listeners: (() => void)[] = []
  const address = family === 'IPv6' ? '::1' : '10.0.0.1'
  const socket = {
    remoteAddress: address,
    remotePort: port,
    remoteFamily: family,
    ended: false,
    once(_event: string, listener: () => void) {
      listeners.push(listener)
      return socket
    },
    destroy() {
      socket.ended = true
      for (const listener of listeners.splice(0)) listener()
      return socket
    },
  }
  // Only what the connections touch.
  return socket as typeof socket & Parameters<ClientConnections['opened']>[0]
}

describe('connections', () => {
  test('know peer, calls, rate and the last call', () => {
    const clock = new ManualClock()
    let changes = 0
    const clients = new ClientConnections(clock, () => {
      changes += 1
    })
    clients.opened(socketOf(1))
    clients.opened(socketOf(2, 'IPv6'))
    clock.advance(10_000 - (clock.monotonicMs() % 5000))
    for (let index = 0; index < 50; index++) clients.called('10.0.0.1:1', 'memo.v1.KeyValue/Put', clock.monotonicMs())
    clients.called('10.0.0.9:9', 'memo.v1.KeyValue/Put', clock.monotonicMs())
    const [first, second] = clients.list(500)
    expect(first).toMatchObject({
      id: 'c1',
      peer: '10.0.0.1:1',
      calls: 50,
      callsPerSecond: 10,
      lastMethod: 'memo.v1.KeyValue/Put',
    })
    expect(first?.lastCallMs).toBe(clock.nowMs())
    expect(second).toMatchObject({ id: 'c2', peer: '[::1]:2', calls: 0, callsPerSecond: 0 })
    expect(second).not.toHaveProperty('lastMethod')
    clock.advance(7500)
    expect(clients.list(1)[0]).toMatchObject({ peer: '10.0.0.1:1', callsPerSecond: 5 })
    clock.advance(10_000)
    expect(clients.list(1)[0]?.callsPerSecond).toBe(0)
    expect([clients.count, changes]).toEqual([2, 2])
  })

  test('are ended by their id, and one that ended late takes no other along', () => {
    const clients = new ClientConnections(new ManualClock(), () => {})
    const old = socketOf(1)
    const young = socketOf(1)
    clients.opened(old)
    clients.opened(young)
    old.destroy()
    expect(clients.count).toBe(1)
    expect(clients.disconnect('c1')).toBe(false)
    expect([clients.disconnect('c2'), young.ended, clients.count]).toEqual([true, true, 0])
  })

  test('of a served port appear, count and can be ended', async () => {
    await using rig = await GrpcRig.start({ keyValues: served() })
    const { clients } = rig.server
    const handlers = clientsHandlers({ clients })
    const options = { context: controlContext(new ManualClock()) }
    await rig.client.call(KeyValue.method.put, { key: 'a', value: new Uint8Array(1) })
    await rig.client.call(KeyValue.method.get, { key: 'a' })
    const [row, ...others] = await call(handlers.list, undefined, options)
    expect(others).toEqual([])
    expect(row).toMatchObject({ calls: 2, lastMethod: 'memo.v1.KeyValue/Get', peer: expect.stringMatching(/^127\.0\.0\.1:\d+$/) })
    expect(await call(handlers.disconnect, { id: row?.id ?? '' }, options)).toBeNull()
    await expect.poll(() => clients.count, soon).toBe(0)
    expect(await call(handlers.disconnect, { id: row?.id ?? '' }, options)).toBeNull()
    await rig.client.call(KeyValue.method.get, { key: 'a' })
    expect((await call(handlers.list, undefined, options)).map(({ id }) => id)).not.toEqual([row?.id])
  })
})

describe('the facts of a port', () => {
  const limits = defaultLimits
  test('say what a caller needs', () => {
    const plain = { host: '0.0.0.0', port: 0, auth: {}, tls: undefined, insecure: true, limits }
    expect(grpcPortFacts(plain, { host: '0.0.0.0', port: 7070 })).toEqual({
      address: '127.0.0.1:7070',
      host: '0.0.0.0',
      port: 7070,
      tls: false,
      auth: 'none',
      reflection: true,
    })
    const tls = { certificatePath: '/c.pem', keyPath: '/k.pem', selfMade: true }
    expect(grpcPortFacts({ ...plain, auth: { tokenPath: '/t' }, tls }, { host: '::', port: 1 })).toMatchObject({
      address: '[::1]:1',
      tls: true,
      certificateFile: '/c.pem',
      auth: 'token',
      tokenFile: '/t',
    })
    const own = { ...plain, auth: { clientCaPath: '/ca.pem' }, tls: { ...tls, selfMade: false } }
    const facts = grpcPortFacts(own, { host: '127.0.0.1', port: 1 })
    expect(facts.auth).toBe('mtls')
    expect(facts).not.toHaveProperty('certificateFile')
  })
})

describe('a test of the port', () => {
  test('makes real calls and leaves no key', async () => {
    await using rig = await GrpcRig.start({ keyValues: served() })
    const source = { info: () => ({ ...rig.server.facts(), command: 'memo' }), test: () => rig.server.test(5000) }
    const handlers = grpcHandlers({ grpc: source })
    const options = { context: controlContext(new ManualClock()) }
    const result = await call(handlers.test, undefined, options)
    expect(result.steps.map(({ name, ok }) => `${name} ${ok}`)).toEqual(['connect true', 'put true', 'get true', 'delete true'])
    expect(result.ok).toBe(true)
    expect(result.steps.every(({ ms }) => ms >= 0 && ms < 5000)).toBe(true)
    const { items } = await world.kv.list('', { prefix: testKeyPrefix }, { signal: new AbortController().signal })
    expect(items).toEqual([])
    expect(await call(handlers.info, undefined, options)).toMatchObject({ auth: 'none', services: { length: 5 } })
    await expect.poll(() => rig.server.clients.count, soon).toBe(0)
  })

  test('brings the token along, and says so when it is not the one', async () => {
    const tokenPath = join(folder, 'token')
    await using rig = await GrpcRig.start({ keyValues: served(), auth: { tokenPath } })
    expect(await rig.server.test(5000)).toMatchObject({ ok: true })
    writeFileSync(tokenPath, 'another-token-than-before')
    const result = await rig.server.test(5000)
    expect(result.steps.at(-1)).toMatchObject({ name: 'put', ok: false, text: 'the token is not the one of this node' })
  })

  test('speaks TLS with the port, whoever made the certificate', async () => {
    const tls = { certificatePath: join(folder, 'cert.pem'), keyPath: join(folder, 'key.pem'), selfMade: true }
    await using server = serverOf({ keyValues: served(), tls })
    await server.start()
    expect(await server.test(5000)).toMatchObject({ ok: true, steps: [{ text: 'connected over TLS' }, {}, {}, {}] })
    const { certificatePem, keyPem } = makeCertificate(['node.example'])
    const own = { certificatePath: join(folder, 'own.pem'), keyPath: join(folder, 'own-key.pem'), selfMade: false }
    writeFileSync(own.certificatePath, certificatePem)
    writeFileSync(own.keyPath, keyPem, { mode: 0o600 })
    await using second = serverOf({ keyValues: served(), tls: own })
    await second.start()
    expect(await second.test(5000)).toMatchObject({ ok: true })
    writeFileSync(own.certificatePath, makeCertificate(['node.example']).certificatePem)
    expect(await second.test(1000)).toMatchObject({ ok: false, steps: [{ name: 'connect', ok: false }] })
  })

  test('with mutual TLS tests the server and says that it cannot do more', async () => {
    const tls = { certificatePath: join(folder, 'm-cert.pem'), keyPath: join(folder, 'm-key.pem'), selfMade: true }
    const clientCaPath = join(folder, 'ca.pem')
    writeFileSync(clientCaPath, makeCertificate(['ca.example']).certificatePem)
    await using server = serverOf({ keyValues: served(), tls, auth: { clientCaPath } })
    await server.start()
    const result = await server.test(5000)
    expect(result).toMatchObject({
      ok: true,
      steps: [{ name: 'connect', text: expect.stringContaining('only the server was tested') }],
    })
  })

  test('a failing call is told with its reason, and the key is removed all the same', async () => {
    const removed: string[] = []
    const keyValues: Partial<KeyValueService> = {
      ...served(),
      get: () => Promise.resolve({ metadata: undefined as never, value: new Uint8Array(3), ageMs: 0 }),
      delete: (store, key, ...rest) => {
        removed.push(key)
        return world.kv.delete(store, key, ...rest)
      },
    }
    await using rig = await GrpcRig.start({ keyValues })
    const result = await rig.server.test(5000)
    expect(result.ok).toBe(false)
    expect(result.steps.at(-1)).toMatchObject({ name: 'get', ok: false })
    expect(removed).toHaveLength(1)
  })

  test('a port that is not served is an error', () => {
    expect(() => serverOf({}).facts()).toThrow('not served')
  })
})
