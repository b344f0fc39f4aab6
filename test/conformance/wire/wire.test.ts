import { isDefinedError } from '@orpc/client'
import type { ContractRouterClient } from '@orpc/contract'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Failure } from '../../../src/ipc/contract/common-schemas.ts'
import { failureSchema } from '../../../src/ipc/contract/common-schemas.ts'
import type { NodeContract } from '../../../src/ipc/contract/node-contract.ts'
import { nodeContract } from '../../../src/ipc/contract/node-contract.ts'
import { wireLimits } from '../../../src/ipc/contract/wire-limits.ts'
import { ControlWorld, procedures } from '../../support/control-world.ts'
import { call } from '../../support/key-value-world.ts'
import type { Wire } from './wire-beds.ts'
import { wires } from './wire-beds.ts'

type NodeClient = ContractRouterClient<NodeContract>

const sizes = [0, 1, 256 * 1024, wireLimits.valueBytesMax]

describe.each(wires)('a screen over %s', (_name, open) => {
  let world: ControlWorld
  let wire: Wire<NodeContract>
  let node: NodeClient
  let dropped: string[]

  beforeEach(async () => {
    dropped = []
    world = await ControlWorld.make()
    wire = await open(nodeContract, { ...world.served, wireFailed: ({ reason }) => void dropped.push(reason) })
    node = wire.client.call
  })

  afterEach(async () => {
    await wire[Symbol.asyncDispose]()
    await world[Symbol.asyncDispose]()
  })

  it('greets a screen of any version with its own', async () => {
    const hello = await node.system.hello({ contractVersion: 99 })
    expect(hello).toMatchObject({ contractVersion: 1, nodeVersion: '9.9.9', networkName: 'test', readOnly: false })
    expect((await node.system.status()).keys).toBe(0)
  })

  it.each(sizes)('brings %i bytes there and back unchanged', async (size) => {
    const value = patterned(size)
    const put = await node.kv.put({ key: 'k', value, contentType: 'a/b', expect: { kind: 'absent' } })
    expect(put).toMatchObject({ kind: 'done', metadata: { key: 'k', version: '1', size, contentType: 'a/b' } })
    const read = await node.kv.read({ key: 'k', offset: 0, length: wireLimits.valueBytesMax })
    expect(read?.bytes).toBeInstanceOf(Uint8Array)
    expect(read?.bytes.constructor).toBe(Uint8Array)
    expect(same(read?.bytes, value)).toBe(true)
  })

  it('sends a view of a larger buffer without the rest of it', async () => {
    const large = patterned(100_000)
    await put(node, 'k', large.subarray(500, 600))
    const read = await node.kv.read({ key: 'k', offset: 10, length: 20 })
    expect(same(read?.bytes, large.subarray(510, 530))).toBe(true)
    expect(read?.bytes.buffer.byteLength).toBe(20)
  })

  it('refuses a value above the limit by the name of the limit, and serves on', async () => {
    const failure = await failureOf(put(node, 'k', new Uint8Array(wireLimits.valueBytesMax + 1)))
    expect(failure).toMatchObject({ code: 'limit-exceeded', details: { limit: 'valueBytesMax', field: 'value' } })
    expect(await node.kv.stat({ key: 'k' })).toBeNull()
  })

  it('refuses a message that no wire takes by the name of a limit, and serves on', async () => {
    const failure = await failureOf(put(node, 'k', new Uint8Array(2 * wireLimits.valueBytesMax)))
    expect(failure.code).toBe('limit-exceeded')
    expect(['valueBytesMax', 'messageBytesMax']).toContain(failure.details.limit)
    expect(await node.kv.stat({ key: 'k' })).toBeNull()
  })

  it('tells errors by their declared shape', async () => {
    await put(node, 'k', patterned(10))
    const changed = await failureOf(node.kv.read({ key: 'k', version: '7', offset: 0, length: 1 }))
    expect(changed).toMatchObject({ code: 'revision-changed', retryable: false, details: { version: '1' } })
    const input = await failureOf(node.kv.stat({ key: '' }))
    expect(input).toMatchObject({ code: 'invalid-argument', details: { field: 'key' } })
  })

  it('hides what a bug says and logs it once under a number', async () => {
    const failure = await failureOf(node.grpc.info())
    expect(failure.code).toBe('internal')
    expect(failure.message).not.toContain('secret')
    expect(world.failed).toHaveLength(1)
    expect(world.failed[0]).toMatchObject({ procedure: 'grpc.info', correlationId: failure.correlationId })
  })

  it('refuses every procedure that changes something while it is read-only', async () => {
    world.isReadOnly = true
    const changing = procedures().filter(({ mutates }) => mutates)
    expect(changing.map(({ path }) => path.join('.'))).toEqual(expect.arrayContaining(['kv.put', 'kv.delete', 'jobs.create']))
    for (const { path } of changing)
      expect(await failureOf(callAt(node, path)), path.join('.')).toMatchObject({ code: 'permission-denied' })
    for (const { path, mutates } of procedures()) {
      if (mutates || path.join('.') === 'events.watch') continue
      const failure = await callAt(node, path).then(
        () => undefined,
        (error: unknown) => failureData(error),
      )
      expect(failure?.code, path.join('.')).not.toBe('permission-denied')
    }
  })

  it('streams events to whoever watches until they leave, and then forgets them', async () => {
    const seen: unknown[] = []
    const stream = await node.events.watch({ topics: ['keys'], prefix: 'a/' })
    const watched = (async () => {
      for await (const event of stream) {
        seen.push(event)
        if (seen.length === 2) break
      }
    })()
    await until(() => world.hub.subscribers === 1)
    const keys = world.world.node.keyValues
    for (const key of ['a/first', 'b/other', 'a/second'])
      await keys.put('', key, patterned(1), { precondition: { kind: 'any' } }, call)
    await until(() => seen.length === 1)
    world.world.clock.advance(wireLimits.eventIntervalMs)
    await watched
    expect(seen).toEqual([
      { kind: 'keys', sequence: 1, changed: ['a/first'], more: false },
      { kind: 'keys', sequence: 2, changed: ['a/second'], more: false },
    ])
    await until(() => world.hub.subscribers === 0)
  })

  it('ends a stream whose caller cancels', async () => {
    const controller = new AbortController()
    const stream = await node.events.watch({ topics: ['settings'] }, { signal: controller.signal })
    const next = stream.next()
    const ended = next.catch((error: unknown) => (error as Error).name)
    await until(() => world.hub.subscribers === 1)
    controller.abort()
    expect(await ended).toBe('AbortError')
    await until(() => world.hub.subscribers === 0)
  })

  it('ends streams and calls on both sides when it is closed, and refuses what comes later', async () => {
    const stream = await node.events.watch({ topics: ['settings'] })
    const next = failureOf(stream.next())
    await until(() => world.hub.subscribers === 1)
    wire.client.close()
    expect(await next).toMatchObject({ code: 'not-running' })
    await wire.server.closed
    await until(() => world.hub.subscribers === 0)
    expect(await failureOf(node.kv.stat({ key: 'k' }))).toMatchObject({ code: 'not-running', retryable: true })
  })

  it('tells the screen when the node closes it, and that a change in flight may have been made', async () => {
    const waiting = failureOf(put(node, 'k', patterned(10)))
    wire.server.close()
    await wire.client.closed
    expect(wire.client.isClosed).toBe(true)
    expect(await waiting).toMatchObject({ code: 'outcome-unknown' })
  })

  it('has a limit of streams', async () => {
    const open = await Promise.all(
      Array.from({ length: wireLimits.subscriptionsMax }, () => node.events.watch({ topics: ['settings'] })),
    )
    const failure = await failureOf(node.events.watch({ topics: ['settings'] }))
    expect(failure).toMatchObject({ code: 'limit-exceeded', details: { limit: 'subscriptionsMax' } })
    await open[0]?.return?.()
    await until(async () => {
      const again = await node.events.watch({ topics: ['settings'] }).catch(() => undefined)
      return again !== undefined
    })
  })

  it('has a limit of calls', async () => {
    await node.kv.stat({ key: 'k' })
    const held = Promise.withResolvers<void>()
    world.statsHeld = held.promise
    const calls = Array.from({ length: wireLimits.callsMax + 10 }, () => node.kv.stat({ key: 'k' }).catch(failureData))
    expect(await Promise.any(calls)).toMatchObject({ code: 'limit-exceeded' })
    held.resolve()
    const failures = (await Promise.all(calls)).filter((result) => result !== null)
    expect(failures).toHaveLength(10)
    for (const failure of failures) expect(failure).toMatchObject({ code: 'limit-exceeded', details: { limit: 'callsMax' } })
    expect(await node.kv.stat({ key: 'k' })).toBeNull()
  })

  it.each([
    ['text that is not JSON', '}{'],
    ['another program', { jsonrpc: '2.0', id: 1, method: 'kv.put' }],
    ['a call to another origin', { i: '1', p: { u: 'http://example.org/kv/stat', b: {} } }],
    ['a call with headers', { i: '1', p: { u: '/kv/stat', h: { 'content-type': 'multipart/form-data' }, b: {} } }],
    ['a stream in the wrong direction', { i: '1', t: 3, p: { e: 'message' } }],
    ['nothing', null],
  ])('drops %s and serves on', async (_what, message) => {
    await node.kv.stat({ key: 'k' })
    wire.inject(message)
    expect(await node.kv.stat({ key: 'k' })).toBeNull()
    expect(dropped).toEqual(['foreign-frame'])
  })

  it('refuses arguments that only pretend to be bytes', async () => {
    const value = { 0: 1, length: 1 } as unknown as Uint8Array<ArrayBuffer>
    expect((await failureOf(put(node, 'k', value))).code).toBe('invalid-argument')
  })

  it('makes a change once however often it is sent with its id', async () => {
    const requestId = { session: 'ab'.repeat(16), sequence: '1', issuedMs: world.world.clock.nowMs() }
    const asked = { key: 'k', value: patterned(3), contentType: '', expect: { kind: 'absent' }, requestId } as const
    const first = await node.kv.put(asked)
    expect(first).toMatchObject({ kind: 'done', metadata: { version: '1' } })
    expect(await node.kv.put(asked)).toEqual(first)
  })
})

function patterned(size: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: size }, (_, index) => (index * 31 + (index >> 8)) & 255)
}

function same(left: Uint8Array | undefined, right: Uint8Array): boolean {
  return left !== undefined && Buffer.compare(left, right) === 0
}

function put(node: NodeClient, key: string, value: Uint8Array<ArrayBuffer>) {
  return node.kv.put({ key, value, contentType: '', expect: { kind: 'any' } })
}

function callAt(node: NodeClient, path: readonly string[]): Promise<unknown> {
  let part: unknown = node
  for (const step of path) part = (part as Record<string, unknown>)[step]
  return (part as (input: unknown) => Promise<unknown>)({})
}

async function failureOf(failing: Promise<unknown>): Promise<Failure> {
  const error = await failing.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  return failureData(error)
}

function failureData(error: unknown): Failure {
  expect(isDefinedError(error), String(error)).toBe(true)
  return failureSchema.parse((error as { readonly data?: unknown }).data)
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  await expect.poll(holds, { interval: 5 }).toBe(true)
}
