import { once } from 'node:events'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo, Server } from 'node:net'
import { createServer } from 'node:net'
import { join } from 'node:path'
import type { ContractRouterClient } from '@orpc/contract'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import type { NodeEvent } from '../../../src/ipc/contract/event-schemas.ts'
import type { NodeContract } from '../../../src/ipc/contract/node-contract.ts'
import { nodeContract } from '../../../src/ipc/contract/node-contract.ts'
import type { WireClient } from '../../../src/ipc/wire/wire-client.ts'
import { connectSocket } from '../../../src/ipc/wire/wire-client.ts'
import { procedures } from '../../support/control-world.ts'
import type { MemoProcess } from '../../support/memo-process.ts'
import { runMemo, startMemo } from '../../support/memo-process.ts'
import type { PlainClient } from '../../support/plain-client.ts'
import { plainClient } from '../../support/plain-client.ts'
import { parsed, testFolder } from '../cli/cli-bed.ts'

const folder = testFolder()
let memo: MemoProcess
let wire: WireClient<NodeContract>
let node: ContractRouterClient<NodeContract>
let program: PlainClient

const ports = { grpc: '127.0.0.1:0', console: '127.0.0.1:0' }

/** A screen of a signed-in browser. */
async function screenOf(data: string, { consoleUrl }: { readonly consoleUrl: string }): Promise<WireClient<NodeContract>> {
  const { url } = parsed(await runMemo(['console', '--data', data, '--json'])) as { readonly url: string }
  const { origin } = new URL(consoleUrl)
  const signedIn = await fetch(new URL('/session', consoleUrl), {
    method: 'POST',
    headers: { Origin: origin, 'Content-Type': 'application/json' },
    body: JSON.stringify({ token: new URL(url).hash.replace('#token=', '') }),
  })
  const Cookie = signedIn.headers.getSetCookie()[0]?.split(';', 1)[0] ?? ''
  const socket = new WebSocket(new URL('/rpc', consoleUrl).href.replace('http', 'ws'), { headers: { Cookie, Origin: origin } })
  return connectSocket(nodeContract, socket)
}

function stopServer(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()))
}

beforeAll(async () => {
  const data = folder.path('screens')
  memo = await startMemo(data)
  wire = await screenOf(data, memo.ready)
  node = wire.call
  program = plainClient('memo.v1.KeyValue', memo.ready.grpc)
})

afterAll(async () => {
  program.close()
  await memo.terminate()
})

test('every procedure that asks for nothing answers as the contract says', async () => {
  const hello = await node.system.hello({ contractVersion: 1 })
  expect(hello).toMatchObject({ nodeId: memo.ready.nodeId, dataFormat: 2, readOnly: false })
  expect(await node.system.status()).toMatchObject({ state: 'running', condition: 'sound', grpc: { address: memo.ready.grpc } })
  expect(await node.jobs.list()).toEqual([])
  expect((await node.metrics.range({ series: ['puts'], seconds: 900 })).series).toHaveLength(1)
  expect(await node.clients.list()).toBeInstanceOf(Array)
  expect(await node.grpc.info()).toMatchObject({ address: memo.ready.grpc, auth: 'none' })
  expect(await node.grpc.test()).toMatchObject({ ok: true })
  expect((await node.logs.page({ filter: {}, limit: 10 })).lines.length).toBeGreaterThan(0)
  expect((await node.settings.get()).rows.length).toBeGreaterThan(5)
})

test('a key file for keys that lie there unencrypted is refused before it would end the next start', async () => {
  expect((await node.system.status()).plainKeys).toBe(true)
  const keyFile = folder.path('vault-key')
  writeFileSync(keyFile, new Uint8Array(32).fill(7), { mode: 0o600 })
  const { digest } = await node.settings.get()
  const outcome = await node.settings.put({ kind: 'values', values: { keyFile }, expect: digest })
  const message = expect.stringContaining('keys that exist are not wrapped anew')
  expect(outcome).toEqual({ kind: 'invalid', problems: [{ name: 'keyFile', message }] })
  expect((await node.settings.get()).digest).toBe(digest)
})

test('files that would end the next start are refused, each at its setting', async () => {
  const { digest } = await node.settings.get()
  const [grpcTokenFile, grpcClientCa] = [folder.path('none/token'), folder.path('none/ca.pem')]
  const values = { grpcAuth: 'token', grpcTokenFile, grpcTls: true, grpcClientCa }
  expect(await node.settings.put({ kind: 'values', values, expect: digest })).toEqual({
    kind: 'invalid',
    problems: [
      { name: 'grpcClientCa', message: expect.stringContaining(grpcClientCa) },
      { name: 'grpcTokenFile', message: expect.stringContaining(`${grpcTokenFile} cannot be made: `) },
    ],
  })
  expect((await node.settings.get()).digest).toBe(digest)
})

test('a file with valid values that a start would refuse is at fault, not the change that meets it', async () => {
  const file = join(folder.path('screens'), 'memo.json')
  const none = folder.path('none/x')
  for (const [name, values] of [
    ['keyFile', { keyFile: none }],
    ['grpcCert', { grpcTls: true, grpcCert: none, grpcKey: none }],
    ['grpcTokenFile', { grpcAuth: 'token', grpcTokenFile: none }],
  ] as const) {
    writeFileSync(file, JSON.stringify(values))
    const both = await Promise.all([node.settings.get(), node.settings.get()])
    for (const { problems } of both) expect(problems).toEqual([{ name, message: expect.stringContaining(none) }])
    const [{ digest, problems, rows }] = both
    expect(rows.filter(({ pending }) => pending)).toEqual([])
    const outcome = await node.settings.put({ kind: 'values', values: { logLevel: 'warn' }, expect: digest })
    expect(outcome).toEqual({ kind: 'invalid', problems })
  }
  rmSync(file)
  expect((await node.settings.get()).problems).toEqual([])
})

test('an address is tried before it is saved: one of another computer, or one that is taken, would end the next start', async () => {
  const data = folder.path('addresses')
  mkdirSync(data)
  const before = JSON.stringify(ports)
  writeFileSync(join(data, 'memo.json'), before)
  const served = await startMemo(data, { placeFlags: false })
  const screen = await screenOf(data, served.ready)
  const put = async (values: Record<string, string | boolean | null>) => {
    const { digest } = await screen.call.settings.get()
    const outcome = await screen.call.settings.put({ kind: 'values', values, expect: digest })
    return outcome.kind === 'invalid' ? outcome.problems.map(({ name, message }) => `${name}: ${message}`) : outcome.kind
  }
  const holder = createServer().listen(0, '127.0.0.1')
  await once(holder, 'listening')
  const taken = `127.0.0.1:${(holder.address() as AddressInfo).port}`
  const elsewhere = (name: string) =>
    expect.stringMatching(new RegExp(`^${name}: .*192\\.0\\.2\\.1:.*does not have that address`))
  expect(await put({ console: '192.0.2.1:7071', grpc: '192.0.2.1:0', insecure: true })).toEqual([
    elsewhere('grpc'),
    elsewhere('console'),
  ])
  const takenText = (name: string) => expect.stringMatching(new RegExp(`^${name}: port \\d+ of 127\\.0\\.0\\.1 is taken by `))
  expect(await put({ grpc: taken })).toEqual([takenText('grpc')])
  expect(await put({ console: taken })).toEqual([takenText('console')])
  expect(readFileSync(join(data, 'memo.json'), 'utf8')).toBe(before)
  await stopServer(holder)
  expect(await put({ grpc: taken })).toBe('saved')
  const again = createServer().listen(Number(taken.split(':')[1]), '127.0.0.1')
  await once(again, 'listening')
  expect(await put({ readOnly: true }), 'what was saved before is not the fault of this change').toBe('saved')
  await stopServer(again)
  const [grpc, http] = [served.ready.grpc, new URL(served.ready.consoleUrl).host]
  expect(await put({ grpc: http, console: grpc }), 'its own ports are its own to change round').toBe('saved')
  screen.close()
  await served.terminate()
})

test('in read-only mode too no setting is taken that would destroy a file of the store or of a person', async () => {
  const data = folder.path('locked')
  const mine = folder.path('h.ndjson')
  writeFileSync(mine, '{"key":"a"}\n')
  const settings = join(data, 'memo.json')
  writeFileSync(folder.path('settings.json'), JSON.stringify({ readOnly: true, ...ports }))
  for (const config of [undefined, folder.path('settings.json')]) {
    const flags =
      config === undefined
        ? ['--read-only', ...Object.entries(ports).flatMap(([name, at]) => [`--${name}`, at])]
        : ['--config', config]
    const locked = await startMemo(data, { placeFlags: false, arguments: flags })
    const screen = await screenOf(data, locked.ready)
    expect((await screen.call.system.status()).readOnly).toBe(true)
    const { digest } = await screen.call.settings.get()
    const key = join(data, 'keys', 'node.key')
    const segment = join(data, 'journal', '00000000000000ff.seg')
    for (const values of [
      ...[key, segment, settings, mine].map((path) => ({ readyFile: path })),
      ...[key, segment, settings].map((path) => ({ grpcTokenFile: path, grpcAuth: 'token' })),
    ]) {
      const [[name = '', path = ''] = []] = Object.entries(values)
      const outcome = await screen.call.settings.put({ kind: 'values', values, expect: digest })
      expect(outcome, path).toEqual({ kind: 'invalid', problems: [{ name, message: expect.stringContaining(path) }] })
    }
    expect((await screen.call.settings.get()).digest).toBe(digest)
    screen.close()
    expect(await locked.terminate()).toBe(0)
  }
  expect(readFileSync(mine, 'utf8')).toBe('{"key":"a"}\n')
  await (await startMemo(data)).terminate()
}, 30_000)

test('a write of any program is told within a second, and read by the same rules', async () => {
  const ended = new AbortController()
  const stream = await node.events.watch({ topics: ['keys', 'status'], prefix: 'from/' }, { signal: ended.signal })
  const first = await stream.next()
  expect(first.value).toMatchObject({ kind: 'status' })
  const startedMs = performance.now()
  await program.call('Put', { key: 'from/program', value: Buffer.from('42') })
  await program.call('Put', { key: 'elsewhere', value: Buffer.from('43') })
  let told: NodeEvent | undefined
  while (told?.kind !== 'keys') {
    const next = await stream.next()
    expect(next.done).not.toBe(true)
    if (next.done !== true) told = next.value
  }
  expect(performance.now() - startedMs).toBeLessThan(1000)
  expect(told).toMatchObject({ changed: ['from/program'], more: false })
  ended.abort()
  const read = await node.kv.read({ key: 'from/program', offset: 0, length: 10 })
  expect(Buffer.from(read?.bytes ?? []).toString()).toBe('42')
})

test('a conflict comes with what is there now', async () => {
  const key = 'contested'
  await program.call('Put', { key, value: Buffer.from('theirs') })
  const put = await node.kv.put({ key, value: new Uint8Array(1), contentType: '', expect: { kind: 'version', version: '999' } })
  expect(put).toMatchObject({ kind: 'conflict', current: { key, size: 6 } })
  expect(put.kind === 'conflict' && Buffer.from(put.value ?? []).toString()).toBe('theirs')
})

test('read-only mode is a setting that takes effect at once, for screens only, and can be left again', async () => {
  const ended = new AbortController()
  const stream = await node.events.watch({ topics: ['settings'] }, { signal: ended.signal })
  const told = stream.next()
  const before = await node.settings.get()
  const saved = await node.settings.put({ kind: 'values', values: { readOnly: true }, expect: before.digest })
  expect(saved.kind).toBe('saved')
  expect((await told).value).toMatchObject({ kind: 'settings' })
  ended.abort()
  expect((await node.system.status()).readOnly).toBe(true)
  for (const { path, mutates } of procedures()) {
    if (!mutates) continue
    let part: unknown = node
    for (const step of path) part = (part as Record<string, unknown>)[step]
    const refused = (part as (input: unknown) => Promise<unknown>)({})
    await expect(refused, path.join('.')).rejects.toMatchObject({ code: 'FAILED', data: { code: 'permission-denied' } })
  }
  await program.call('Put', { key: 'by/program', value: Buffer.from('1') })
  const digest = saved.kind === 'saved' ? saved.settings.digest : ''
  expect((await node.settings.put({ kind: 'values', values: { readOnly: null }, expect: digest })).kind).toBe('saved')
  const put = await node.kv.put({ key: 'by/screen', value: new Uint8Array(1), contentType: '', expect: { kind: 'absent' } })
  expect(put.kind).toBe('done')
})

test('a screen hears of the end of its node', async () => {
  const stream = await node.events.watch({ topics: ['status'] })
  await stream.next()
  const gone = once(memo.child, 'exit')
  memo.child.kill('SIGKILL')
  await gone
  await wire.closed
  const after = async (): Promise<unknown> => {
    for (;;) if ((await stream.next()).done === true) return 'ended'
  }
  await expect(after()).rejects.toMatchObject({ data: { code: 'not-running' } })
  await expect(node.system.status()).rejects.toMatchObject({ data: { code: 'not-running', retryable: true } })
})
