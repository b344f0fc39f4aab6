import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { MemoProcess } from '../support/memo-process.ts'
import { startMemo } from '../support/memo-process.ts'
import type { PlainClient } from '../support/plain-client.ts'
import { plainClient } from '../support/plain-client.ts'

interface Page {
  readonly items: readonly { readonly key: string }[]
  readonly prefixes: readonly string[]
  readonly truncated: boolean
}

const folder = mkdtempSync(join(tmpdir(), 'memo-pages-'))
const operationsPerBatch = 250
/** What a client of gRPC receives by default. */
const messageBytes = 4 * 1024 * 1024
let memo: MemoProcess
let kvs: PlainClient
let v1: PlainClient

beforeAll(async () => {
  memo = await startMemo(join(folder, 'data'))
  kvs = plainClient('memo.kvs.KeyValueStore', memo.ready.grpc)
  v1 = plainClient('memo.v1.KeyValue', memo.ready.grpc)
})

afterAll(async () => {
  kvs?.close()
  v1?.close()
  await memo?.terminate()
  rmSync(folder, { recursive: true, force: true })
})

async function load(keys: readonly string[]): Promise<void> {
  for (let start = 0; start < keys.length; start += operationsPerBatch) {
    const operations = keys.slice(start, start + operationsPerBatch).map((key) => ({ put: { key } }))
    await v1.call('Batch', { operations }, { deadlineMs: 60_000 })
  }
}

/** Reads all pages as a client of the original does: the last key is the next marker. */
async function pagesOf(request: {
  readonly prefix: string
  readonly delimiter?: string
  readonly maxKeys?: number
}): Promise<Page[]> {
  const pages: Page[] = []
  for (let marker = ''; ; ) {
    const page = await kvs.call<Page>('List', { ...request, marker })
    pages.push(page)
    if (!page.truncated) return pages
    marker = page.items.at(-1)?.key ?? ''
  }
}

test('an empty store lists nothing', async () => {
  expect(await kvs.call('List', {})).toMatchObject({ items: [], prefixes: [], truncated: false })
})

test('a page ends at 10 000 keys', async () => {
  const keys = Array.from({ length: 20_000 }, (_, index) => `many/${String(index).padStart(6, '0')}`)
  await load(keys)
  const pages = await pagesOf({ prefix: 'many/' })
  expect(pages.map(({ items, truncated }) => [items.length, truncated])).toEqual([
    [10_000, true],
    [10_000, false],
  ])
  expect(pages.flatMap(({ items }) => items.map(({ key }) => key))).toEqual(keys)
  expect((await kvs.call<Page>('List', { prefix: 'many/', maxKeys: 15_000 })).items).toHaveLength(10_000)
  expect((await pagesOf({ prefix: 'many/', maxKeys: 7000 })).map(({ items }) => items.length)).toEqual([7000, 7000, 6000])
})

test('a page ends at 3 MiB, its prefixes included', async () => {
  const keys = Array.from({ length: 1500 }, (_, index) => `wide/${String(index).padStart(4, '0')}${'w'.repeat(4000)}/x`)
  await load(keys)
  const pages = await pagesOf({ prefix: 'wide/' })
  expect(pages.length).toBe(2)
  expect(pages.flatMap(({ items }) => items.map(({ key }) => key))).toEqual(keys)
  const withPrefixes = await pagesOf({ prefix: 'wide/', delimiter: '/' })
  for (const { items, prefixes } of withPrefixes) {
    const bytes = [...items.map(({ key }) => key), ...prefixes].reduce((sum, text) => sum + Buffer.byteLength(text) + 8, 0)
    expect(bytes).toBeLessThan(messageBytes)
  }
  expect(withPrefixes.flatMap(({ items }) => items.map(({ key }) => key))).toEqual(keys)
  expect(withPrefixes.flatMap(({ prefixes }) => prefixes)).toHaveLength(keys.length)
})
