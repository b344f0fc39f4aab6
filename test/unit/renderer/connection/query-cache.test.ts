import { beforeEach, expect, test } from 'vitest'
import { applyEvent } from '../../../../src/renderer/connection/apply-event.ts'
import type { NodeClient } from '../../../../src/renderer/connection/clients.ts'
import { nodeQueries } from '../../../../src/renderer/connection/node-queries.ts'
import { carryOver, createQueryClient, dropOtherEpochs, epochOf } from '../../../../src/renderer/connection/query-client.ts'

const client = new Proxy(() => undefined, { get: () => client }) as unknown as NodeClient
const first = nodeQueries(client, 1)
const second = nodeQueries(client, 2)
let cache = createQueryClient()

const list = (queries: typeof first, prefix: string) =>
  queries.kv.list.queryKey({ input: { prefix, delimiter: '/', limit: 500 } })
const stat = (queries: typeof first, key: string) => queries.kv.stat.queryKey({ input: { key } })
const outdated = (key: readonly unknown[]) => cache.getQueryState(key)?.isInvalidated

beforeEach(() => {
  cache = createQueryClient()
  cache.setQueryData(list(first, 'orders/'), { items: [], prefixes: [], complete: true })
  cache.setQueryData(list(first, 'other/'), { items: [], prefixes: [], complete: true })
  cache.setQueryData(stat(first, 'orders/1'), null)
  cache.setQueryData(stat(first, 'orders/2'), null)
})

test('calls neither pause without a network nor repeat by themselves', () => {
  const { queries, mutations } = cache.getDefaultOptions()
  expect(queries).toMatchObject({ networkMode: 'always', retry: false, refetchOnWindowFocus: false })
  expect(mutations).toMatchObject({ networkMode: 'always', retry: false })
})

test('every key begins with its epoch', () => {
  expect(epochOf(stat(first, 'a'))).toBe(1)
  expect(epochOf(second.system.status.queryKey())).toBe(2)
  expect(epochOf(['something else'])).toBeUndefined()
})

test('what was known is carried into the next epoch as outdated', () => {
  carryOver(cache, 2)
  expect(cache.getQueryData(list(second, 'orders/'))).toEqual({ items: [], prefixes: [], complete: true })
  expect(outdated(list(second, 'orders/'))).toBe(true)
  expect(cache.getQueryData(list(first, 'orders/'))).toBeUndefined()
})

test('another store starts with an empty cache', () => {
  cache.setQueryData(stat(second, 'new'), null)
  dropOtherEpochs(cache, 2)
  expect(cache.getQueryCache().getAll()).toHaveLength(1)
})

test('changed keys outdate what names them or lies above them, and nothing else', async () => {
  await applyEvent(cache, first, 'keys', { kind: 'keys', sequence: 1, changed: ['orders/1'], more: false })
  expect(outdated(stat(first, 'orders/1'))).toBe(true)
  expect(outdated(list(first, 'orders/'))).toBe(true)
  expect(outdated(stat(first, 'orders/2'))).toBe(false)
  expect(outdated(list(first, 'other/'))).toBe(false)
})

test('more changes than were named, and gaps, outdate all keys', async () => {
  await applyEvent(cache, first, 'keys', { kind: 'keys', sequence: 1, changed: [], more: true })
  expect(outdated(stat(first, 'orders/2'))).toBe(true)
  cache.setQueryData(stat(first, 'orders/2'), null)
  expect(outdated(stat(first, 'orders/2'))).toBe(false)
  await applyEvent(cache, first, 'keys', { kind: 'gap', sequence: 2 })
  expect(outdated(stat(first, 'orders/2'))).toBe(true)
})

test('the list of jobs is stored as the event tells it', async () => {
  await applyEvent(cache, first, 'jobs', { kind: 'jobs', sequence: 1, jobs: [] })
  expect(cache.getQueryData(first.jobs.list.queryKey())).toEqual([])
})
