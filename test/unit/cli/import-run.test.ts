import { expect, test, vi } from 'vitest'
import type { BatchResult, KeyMetadata } from '../../../src/node/api/grpc/generated/memo/v1/key_value_pb.js'
import type { KeyValueClient, SmallPut } from '../../../src/node/cli/client/key-value-client.ts'
import type { RequestIdFields } from '../../../src/node/cli/client/request-ids.ts'
import { runImport } from '../../../src/node/cli/transfer/import-run.ts'
import type { RetryLimits } from '../../../src/node/cli/transfer/retried-calls.ts'
import type { ImportItem } from '../../../src/node/cli/transfer/transfer-item.ts'
import { TransferReport } from '../../../src/node/cli/transfer/transfer-report.ts'
import type { ErrorCode } from '../../../src/shared/coded-error.ts'
import { CodedError } from '../../../src/shared/coded-error.ts'

const quick: RetryLimits = { awayMaxMs: 300, unreachedMaxMs: 100, pauseFirstMs: 1, pauseMaxMs: 10 }
const large = new Uint8Array(200 * 1024)

type Call = 'list' | 'stat' | 'get' | 'putMany' | 'putStream'
type Trouble = ErrorCode | { readonly afterwards: ErrorCode }

/** A node in memory. `troubles` says what becomes of the calls of a kind, in order: refused, or carried out with the answer lost. */
class FakeNode {
  readonly values = new Map<string, Uint8Array>()
  readonly calls: Call[] = []
  readonly requestIds: (RequestIdFields | undefined)[] = []
  /** Keys whose values do not verify; putting them makes them whole. */
  readonly damaged = new Set<string>()
  versions = 0
  readonly #troubles: Partial<Record<Call, readonly Trouble[]>>
  readonly #outcomes = new Map<bigint, BatchResult[]>()

  constructor(troubles: Partial<Record<Call, readonly Trouble[]>>) {
    this.#troubles = troubles
  }

  count(kind: Call): number {
    return this.calls.filter((each) => each === kind).length
  }

  async #act<Result>(kind: Call, action: () => Result): Promise<Result> {
    const trouble = this.#troubles[kind]?.[this.count(kind)]
    this.calls.push(kind)
    if (typeof trouble === 'string') throw new CodedError(trouble, 'made up')
    const result = action()
    if (trouble !== undefined) throw new CodedError(trouble.afterwards, 'made up')
    return result
  }

  #put(key: string, value: Uint8Array): KeyMetadata {
    this.values.set(key, value)
    this.damaged.delete(key)
    this.versions += 1
    return this.#metadata(key)
  }

  #metadata(key: string): KeyMetadata {
    return { key, size: BigInt(this.values.get(key)?.length ?? 0) } as KeyMetadata
  }

  client(): KeyValueClient {
    const never = () => Promise.reject(new Error('not a call of an import'))
    return {
      put: never,
      remove: never,
      stat: (key) => this.#act('stat', () => (this.values.has(key) ? { metadata: this.#metadata(key) } : undefined)),
      list: (query) =>
        this.#act('list', () => {
          if (query.withValues === true && this.damaged.size > 0) throw new CodedError('data-corrupt', 'made up')
          const items = [...this.values].sort().map(([key, value]) => ({ metadata: this.#metadata(key), value }))
          return { items, commonPrefixes: [], unreadable: [], incomplete: false, nextPageToken: new Uint8Array(0) } as never
        }),
      get: (key) =>
        this.#act('get', () => {
          if (this.damaged.has(key)) throw new CodedError('data-corrupt', 'made up')
          return { metadata: this.#metadata(key), pieces: onePiece(this.values.get(key) ?? new Uint8Array(0)) }
        }),
      putStream: async (key, pieces) => {
        const bytes: Uint8Array[] = []
        for await (const piece of pieces) bytes.push(piece)
        return await this.#act('putStream', () => this.#put(key, Buffer.concat(bytes)))
      },
      putMany: (puts, _control, requestId) => {
        this.requestIds.push(requestId)
        return this.#act('putMany', () => this.#batch(puts, requestId))
      },
    }
  }

  #batch(puts: readonly SmallPut[], requestId: RequestIdFields | undefined): readonly BatchResult[] {
    const known = requestId === undefined ? undefined : this.#outcomes.get(requestId.sequence)
    if (known !== undefined) return known
    const results = puts.map(({ key, value }) => ({ outcome: { case: 'done', value: this.#put(key, value) } }) as BatchResult)
    if (requestId !== undefined) this.#outcomes.set(requestId.sequence, results)
    return results
  }
}

async function* onePiece(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

function item(name: string, bytes: Uint8Array, once = false): ImportItem {
  const open = () => onePiece(bytes)
  return { kind: 'value', name, contentType: '', size: bytes.length, read: () => Promise.resolve(bytes), open, once }
}

async function* itemsOf(...items: readonly ImportItem[]): AsyncGenerator<ImportItem> {
  yield* items
}

async function importInto(node: FakeNode, items: readonly ImportItem[], signal = new AbortController().signal) {
  const report = new TransferReport(0)
  const waited = vi.fn()
  const options = { client: node.client(), prefix: '', report, signal, progressed: () => {}, waiting: waited, retryLimits: quick }
  const ended = await runImport(itemsOf(...items), options).then(
    () => 'done',
    (error: unknown) => (error instanceof CodedError ? error.code : error),
  )
  return { ended, report, waited }
}

test.each<Trouble>(['outcome-unknown', 'deadline-exceeded', 'cancelled', 'not-running', { afterwards: 'outcome-unknown' }])(
  'small values go again under the same request id after %j, and are stored once',
  async (trouble) => {
    const node = new FakeNode({ putMany: [trouble, trouble] })
    const { ended, report } = await importInto(node, [item('a', Buffer.from('1')), item('b', Buffer.from('2'))])
    expect(ended).toBe('done')
    expect(report).toMatchObject({ copied: 2, failed: 0 })
    expect(node.versions).toBe(2)
    expect(node.count('putMany')).toBe(3)
    expect(node.requestIds[0]).toMatchObject({ session: expect.any(Uint8Array), sequence: 1n })
    expect(node.requestIds[1]).toBe(node.requestIds[0])
    expect(node.requestIds[2]).toBe(node.requestIds[0])
  },
)

test('each call of small values has an id of its own', async () => {
  const node = new FakeNode({})
  const many = Array.from({ length: 300 }, (_, index) => item(`k${String(index).padStart(3, '0')}`, Buffer.from('x')))
  expect((await importInto(node, many)).ended).toBe('done')
  expect(node.requestIds.map((id) => id?.sequence)).toEqual([1n, 2n])
  expect(node.versions).toBe(300)
})

test('a large value whose answer was lost is looked up, and not stored twice', async () => {
  const node = new FakeNode({ putStream: [{ afterwards: 'outcome-unknown' }] })
  const { ended, report } = await importInto(node, [item('a', large)])
  expect(ended).toBe('done')
  expect(report).toMatchObject({ copied: 1, copiedBytes: large.length })
  expect([node.count('putStream'), node.versions]).toEqual([1, 1])
})

test('a large value that did not arrive is sent again', async () => {
  const node = new FakeNode({ putStream: ['outcome-unknown', 'not-running'] })
  const { ended, report } = await importInto(node, [item('a', large)])
  expect(ended).toBe('done')
  expect(report.copied).toBe(1)
  expect([node.count('putStream'), node.versions]).toEqual([3, 1])
  expect(Buffer.compare(node.values.get('a') ?? new Uint8Array(0), large)).toBe(0)
})

test('a value that passes by only once cannot be sent again', async () => {
  const node = new FakeNode({ putStream: ['outcome-unknown'] })
  expect((await importInto(node, [item('a', large, true)])).ended).toBe('outcome-unknown')
})

test.each<ErrorCode>(['outcome-unknown', 'deadline-exceeded', 'not-running'])(
  'a node that stays away after %s ends the import as not-running, once that was said',
  async (code) => {
    const node = new FakeNode({ putMany: Array<Trouble>(1000).fill(code) })
    const startedMs = performance.now()
    const { ended, report, waited } = await importInto(node, [item('a', Buffer.from('1'))])
    expect(ended).toBe('not-running')
    expect(performance.now() - startedMs).toBeGreaterThan(quick.awayMaxMs - 20)
    expect(report.copied).toBe(0)
    expect(waited).toHaveBeenCalledOnce()
  },
)

test('a node that never answered is not waited for as long', async () => {
  const node = new FakeNode({ list: Array<Trouble>(1000).fill('not-running') })
  const startedMs = performance.now()
  expect((await importInto(node, [item('a', Buffer.from('1'))])).ended).toBe('not-running')
  expect(performance.now() - startedMs).toBeLessThan(quick.awayMaxMs - 50)
})

test('a node that stays busy ends the import with what it says', async () => {
  const node = new FakeNode({ putMany: Array<Trouble>(1000).fill('queue-full') })
  expect((await importInto(node, [item('a', Buffer.from('1'))])).ended).toBe('queue-full')
})

test('what another try cannot help ends the import at once', async () => {
  const node = new FakeNode({ putMany: ['storage-full'] })
  expect((await importInto(node, [item('a', Buffer.from('1'))])).ended).toBe('storage-full')
  expect(node.count('putMany')).toBe(1)
})

test.each<ErrorCode>(['request-too-old', 'invalid-argument'])(
  'an import goes on without ids where the clocks disagree so far that ids are %s',
  async (code) => {
    const node = new FakeNode({ putMany: [code] })
    const many = Array.from({ length: 300 }, (_, index) => item(`k${String(index).padStart(3, '0')}`, Buffer.from('x')))
    const { ended, report } = await importInto(node, many)
    expect(ended).toBe('done')
    expect(report.copied).toBe(300)
    expect(node.requestIds.filter((id) => id !== undefined).length).toBeLessThanOrEqual(2)
    expect(node.requestIds.at(-1)).toBeUndefined()
  },
)

test('a damaged value in the store is put again, and those beside it are left alone', async () => {
  const small = new FakeNode({ list: ['not-running'] })
  for (const name of ['a', 'b', 'c']) small.values.set(name, Buffer.from(name))
  small.damaged.add('b')
  const { ended, report } = await importInto(
    small,
    ['a', 'b', 'c'].map((name) => item(name, Buffer.from(name))),
  )
  expect(ended).toBe('done')
  expect(report).toMatchObject({ copied: 1, handled: 3, failed: 0 })
  const big = new FakeNode({})
  big.values.set('large', large)
  big.damaged.add('large')
  expect((await importInto(big, [item('large', large)])).report.copied).toBe(1)
})

test('an interruption ends the wait at once and for its own reason', async () => {
  const node = new FakeNode({ putMany: Array<Trouble>(1000).fill('not-running') })
  const interruption = new AbortController()
  setTimeout(() => interruption.abort(new CodedError('cancelled', 'interrupted')), 30)
  const startedMs = performance.now()
  expect((await importInto(node, [item('a', Buffer.from('1'))], interruption.signal)).ended).toBe('cancelled')
  expect(performance.now() - startedMs).toBeLessThan(quick.awayMaxMs - 50)
})

test('a failure ends what else is under way before it is told', async () => {
  const node = new FakeNode({ putStream: ['not-running', 'storage-full', ...Array<Trouble>(1000).fill('not-running')] })
  const startedMs = performance.now()
  const { ended } = await importInto(node, [item('a', large), item('b', large), item('c', large)])
  const calls = node.calls.length
  expect(ended).toBe('storage-full')
  expect(performance.now() - startedMs).toBeLessThan(quick.awayMaxMs - 50)
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(node.calls.length).toBe(calls)
})
