import { closeSync, openSync, readdirSync, readFileSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { status } from '@grpc/grpc-js'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { MemoProcess } from '../../support/memo-process.ts'
import { runMemo, startMemo } from '../../support/memo-process.ts'
import { statusOf } from '../../support/plain-client.ts'
import { testFolder } from '../cli/cli-bed.ts'
import { NodeClients } from './acknowledged-writes.ts'
import { healthOf } from './node-health.ts'

const folder = testFolder()
const keys = Array.from({ length: 4000 }, (_, number) => `k/${String(number).padStart(4, '0')}`)
const textOf = (key: string) => Buffer.from(`${key} `.repeat(60))

interface ListPage {
  readonly items: readonly { readonly metadata: { readonly key: string }; readonly value?: Uint8Array }[]
  readonly next_page_token: Uint8Array
  readonly unreadable: readonly string[]
  readonly incomplete: boolean
}

let memo: MemoProcess
let clients: NodeClients

/** A node that runs on tables in which a few bytes are wrong here and there. */
beforeAll(async () => {
  const data = folder.path('node')
  memo = await startMemo(data)
  clients = new NodeClients(memo.ready.grpc)
  for (let from = 0; from < keys.length; from += 100) {
    const group = keys.slice(from, from + 100)
    await Promise.all(group.map((key) => clients.v1.call('Put', { key, value: textOf(key) })))
  }
  clients[Symbol.dispose]()
  await memo.terminate()
  memo = await startMemo(data)
  clients = new NodeClients(memo.ready.grpc)
  const tables = readdirSync(join(data, 'index')).filter((name) => name.endsWith('.ldb'))
  for (const name of tables) damage(join(data, 'index', name))
}, 60_000)
afterAll(() => clients[Symbol.dispose]())

/**
 * Ones in a row make no length that LevelDB would follow, wherever they hit: it checks no block, and may end its process over the
 * lengths that a single flipped bit can make.
 */
function damage(path: string): void {
  const file = openSync(path, 'r+')
  const { size } = statSync(path)
  for (let offset = 20_000; offset < size * 0.9; offset += 60_000) writeSync(file, Buffer.alloc(16, 0xff), 0, 16, offset)
  closeSync(file)
}

async function get(key: string): Promise<'right' | 'wrong' | number> {
  try {
    const { value } = await clients.v1.call<{ value: Uint8Array }>('Get', { key })
    return textOf(key).equals(value) ? 'right' : 'wrong'
  } catch (error) {
    return statusOf(error) ?? 'wrong'
  }
}

/** What a single read of each key gives; only those that can be read. */
async function readable(): Promise<ReadonlySet<string>> {
  const found = new Set<string>()
  for (const key of keys) {
    const outcome = await get(key)
    expect(['right', status.DATA_LOSS], `${key} is ${outcome}`).toContain(outcome)
    if (outcome === 'right') found.add(key)
  }
  return found
}

async function listAll(limit: number) {
  const listed: string[] = []
  const unreadable: string[] = []
  let incomplete = false
  let page_token: Uint8Array = new Uint8Array(0)
  do {
    const page: ListPage = await clients.v1.call('List', { prefix: 'k/', limit, page_token })
    listed.push(...page.items.map(({ metadata }) => metadata.key))
    unreadable.push(...page.unreadable)
    incomplete ||= page.incomplete
    page_token = page.next_page_token
  } while (page_token.length > 0)
  return { listed, unreadable, incomplete }
}

let sound: ReadonlySet<string>

test('a list over damage that nobody met before names what it cannot read, and says that keys may be missing', async () => {
  const { listed, unreadable, incomplete } = await listAll(300)
  expect(incomplete).toBe(true)
  // It goes on behind what it cannot read. A key that is misread as one of another family may end it early.
  const missing = keys.find((key) => !listed.includes(key)) ?? ''
  expect(listed.some((key) => key > missing)).toBe(true)
  expect(listed.length + unreadable.length).toBeLessThanOrEqual(keys.length)
  expect(listed).toEqual(keys.filter((key) => listed.includes(key)))
  const { body } = await healthOf(memo)
  expect(body.problems.join()).toContain('the index is damaged')
})

test('no key that was acknowledged is told to be gone, nor is one that nobody knows', async () => {
  sound = await readable()
  expect(sound.size).toBeGreaterThan(keys.length * 0.8)
  expect(sound.size).toBeLessThan(keys.length)
  for (const method of ['Get', 'Stat', 'Delete']) {
    const error: unknown = await clients.v1.call(method, { key: 'never' }).catch((thrown: unknown) => thrown)
    expect(statusOf(error)).toBe(status.DATA_LOSS)
    expect(String(error)).toMatch(/whether this is stored cannot be told: the index is damaged: .*: restart the node/)
  }
  expect(statusOf(await clients.kvs.call('Fetch', { key: 'never' }).catch((thrown: unknown) => thrown))).toBe(status.DATA_LOSS)
})

test('the compatible list, which cannot say what it lacks, fails', async () => {
  const error: unknown = await clients.kvs.call('List', { prefix: 'k/' }).catch((thrown: unknown) => thrown)
  expect(statusOf(error)).toBe(status.DATA_LOSS)
  expect(String(error)).toContain('memo export')
})

test('kv ls prints what is readable, names the rest on standard error and ends with 7', async () => {
  const { listed, unreadable } = await listAll(0)
  const plain = await runMemo(['kv', 'ls', 'k/', '--grpc', memo.ready.grpc])
  expect(plain.code).toBe(7)
  expect(plain.stdout.toString().trimEnd().split('\n')).toEqual(listed)
  for (const key of unreadable) expect(plain.stderr).toContain(`memo: ${key} is there and cannot be read\n`)
  expect(plain.stderr).toMatch(/keys may be missing from this list: "memo doctor" says what to do \[data-corrupt\]\n$/)
  const json = await runMemo(['kv', 'ls', 'k/', '--json', '--grpc', memo.ready.grpc])
  expect([json.code, json.stdout.toString().trimEnd().split('\n').length]).toEqual([7, listed.length])
  const lines = json.stderr.trimEnd().split('\n')
  expect(lines.slice(0, -1)).toEqual(unreadable.map((key) => JSON.stringify({ unreadable: key })))
  expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({
    error: { code: 'data-corrupt', details: { unreadable: unreadable.length, incomplete: true } },
  })
})

test('an export writes everything that a single read gives, names what it could not, and ends with 7', async () => {
  const { listed } = await listAll(0)
  const wanted = listed.filter((key) => sound.has(key))
  const target = folder.path('out')
  const result = await runMemo(['export', target, '--grpc', memo.ready.grpc, '--json'])
  expect(result.code, result.stderr).toBe(7)
  const report = JSON.parse(result.stdout.toString()) as {
    readonly copied: number
    readonly failed: number
    readonly incomplete: boolean
    readonly failures: readonly { readonly count: number; readonly examples: readonly string[] }[]
  }
  expect(report).toMatchObject({ copied: wanted.length, incomplete: true })
  expect(report.failures.reduce((sum, { examples }) => sum + examples.length, 0)).toBe(report.failed)
  expect(
    readdirSync(join(target, 'k'))
      .map((name) => `k/${name}`)
      .sort(),
  ).toEqual(wanted)
  for (const key of wanted) expect(textOf(key).equals(readFileSync(join(target, key))), key).toBe(true)
  const lines = await runMemo(['export', '-', '--grpc', memo.ready.grpc])
  expect(lines.code).toBe(7)
  expect(lines.stdout.toString().trimEnd().split('\n').length).toBe(wanted.length)
  expect(lines.stderr).toContain('INCOMPLETE: the index of the node is damaged')
  expect(lines.stderr).toMatch(/^FAILED \d+ unreadable now: /m)
})

test('removals go on, nothing ends the node, and the next start has everything but what was removed', async () => {
  const [removed = '', ...others] = [...sound]
  await clients.v1.call('Delete', { key: removed })
  expect(await get(removed)).toBe(status.NOT_FOUND)
  await sleep(500)
  expect(memo.child.exitCode).toBeNull()
  expect(await get(others[0] ?? '')).toBe('right')
  clients[Symbol.dispose]()
  expect(await memo.terminate()).toBe(0)
  memo = await startMemo(folder.path('node'))
  clients = new NodeClients(memo.ready.grpc)
  const { listed, unreadable, incomplete } = await listAll(0)
  expect([unreadable, incomplete]).toEqual([[], false])
  expect(listed).toEqual(keys.filter((key) => key !== removed))
  for (const key of listed) expect(await get(key)).toBe('right')
  expect(await get('never')).toBe(status.NOT_FOUND)
  await memo.terminate()
}, 30_000)
