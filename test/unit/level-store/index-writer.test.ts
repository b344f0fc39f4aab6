import { expect, test } from 'vitest'
import { emptyCounts, markerKey } from '../../../src/node/adapters/level-store/index/index-state.ts'
import { IndexWriter } from '../../../src/node/adapters/level-store/index/index-writer.ts'
import type { IndexChange, LevelIndex } from '../../../src/node/adapters/level-store/index/level-index.ts'
import { Overlay } from '../../../src/node/adapters/level-store/overlay.ts'
import { CodedError } from '../../../src/shared/coded-error.ts'

const full = () => new CodedError('storage-full', 'made by a test')

/** LevelDB as far as the writer sees it, with a disk that answers as it is told. */
class FakeIndex {
  readonly stored = new Map<string, Buffer>()
  readonly written: (readonly IndexChange[])[] = []
  reopened = 0
  reopenings = 0
  /** The error of each next write, and whether the batch is stored all the same. */
  failures: { readonly error: unknown; readonly stored: boolean }[] = []
  reopenError: unknown
  onReopen = () => {}
  gate: Promise<void> | undefined

  get(key: Buffer): Promise<Buffer | undefined> {
    return Promise.resolve(this.stored.get(key.toString('latin1')))
  }

  getMany(keys: Buffer[]): Promise<readonly (Buffer | undefined)[]> {
    return Promise.all(keys.map((key) => this.get(key)))
  }

  async write(changes: readonly IndexChange[]): Promise<void> {
    const failure = this.failures.shift()
    if (failure === undefined || failure.stored) this.#store(changes)
    if (failure !== undefined) throw failure.error
  }

  /** As LevelDB does: whoever comes while it is opened again waits for that. */
  async flushToTables(): Promise<void> {
    await this.gate
  }

  async reopen(): Promise<void> {
    this.reopenings++
    await this.gate
    if (this.reopenError !== undefined) throw this.reopenError
    this.reopened++
    this.onReopen()
  }

  #store(changes: readonly IndexChange[]): void {
    this.written.push(changes)
    for (const { key, value } of changes) if (value !== undefined) this.stored.set(key.toString('latin1'), value)
  }
}

function writerOn(index: FakeIndex, freeBytes = () => 1000, canOpenFiles = () => true) {
  const overlay = new Overlay(1000)
  const failed: unknown[] = []
  let stalls = 0
  const nowhere = { segment: 0, offset: 0, sequence: 0 }
  const writer = new IndexWriter({
    index: index as unknown as LevelIndex,
    overlay,
    state: { marker: 0, start: nowhere, end: nowhere, tabledMarker: 0, families: emptyCounts() },
    oldestMarker: 0,
    liveBytes: new Map(),
    events: { indexed: () => undefined } as never,
    delayMs: 1,
    markersMax: 100,
    retryMs: 5,
    room: {
      makeRoom: () => Promise.resolve(),
      giveUpReserve: () => Promise.resolve(freeBytes()),
      reopenBytes: 100,
      canOpenFiles: () => Promise.resolve(canOpenFiles()),
    },
    onIndexed: () => undefined,
    onStalled: () => void stalls++,
    onFailed: (error) => void failed.push(error),
  })
  const add = (sequence: number) =>
    overlay.apply(
      [
        {
          family: 1,
          key: Buffer.of(sequence),
          sequence,
          value: Buffer.of(7),
          place: undefined,
          movedFrom: undefined,
          isNew: false,
        },
      ],
      10,
      { segment: 1, offset: sequence, sequence },
    )
  return { writer, overlay, failed, add, stalls: () => stalls }
}

/** A writer that has written three batches, whose markers are 1 to 3. */
async function threeBatches() {
  const index = new FakeIndex()
  const { writer, add, failed } = writerOn(index)
  for (const sequence of [1, 2, 3]) {
    add(sequence)
    await writer.indexed(sequence)
  }
  return { index, writer, add, failed }
}

test('a writer that has failed tells everybody who comes later at once', async () => {
  const index = new FakeIndex()
  const { writer, add, failed } = writerOn(index)
  add(1)
  index.failures = [{ error: new Error('the disk is gone'), stored: false }]
  await expect(writer.indexed(1)).rejects.toThrow('the disk is gone')
  await expect(writer.indexed(1)).rejects.toThrow('the disk is gone')
  expect(failed.length).toBe(1)
  await writer.close()
  await expect(writer.indexed(1)).rejects.toThrow('the disk is gone')
})

test('a writer that was closed rejects what it has not indexed', async () => {
  const { writer, add } = writerOn(new FakeIndex())
  add(1)
  await writer.close()
  await expect(writer.indexed(1)).rejects.toMatchObject({ code: 'not-running' })
})

test('a write without room is done again on an index that was opened anew', async () => {
  const index = new FakeIndex()
  const { writer, add, failed, stalls } = writerOn(index)
  add(1)
  index.failures = [{ error: full(), stored: false }]
  await writer.indexed(1)
  expect([index.reopened, index.written.length, stalls(), failed]).toEqual([1, 1, 0, []])
  expect(writer.counts[1]?.records).toBe(1)
})

test('a batch that was refused and lies in the log all the same counts once', async () => {
  const index = new FakeIndex()
  const { writer, add } = writerOn(index)
  add(1)
  index.failures = [{ error: full(), stored: true }]
  await writer.indexed(1)
  expect([index.reopened, index.written.length]).toEqual([1, 1])
  expect(writer.counts[1]).toMatchObject({ records: 1, bytes: 2 })
  add(2)
  await writer.indexed(2)
  expect(writer.state.marker).toBe(2)
})

test('without room to open the index it stays as it is, waiters are told, and the batch is written when there is room', async () => {
  const index = new FakeIndex()
  let free = 0
  const { writer, overlay, add, failed, stalls } = writerOn(index, () => free)
  add(1)
  index.failures = [{ error: full(), stored: false }]
  await expect(writer.indexed(1)).rejects.toMatchObject({ code: 'storage-full' })
  expect(writer.stalled?.code).toBe('storage-full')
  add(2)
  await expect(writer.indexed(2)).rejects.toMatchObject({ code: 'storage-full' })
  await new Promise((resolve) => setTimeout(resolve, 30))
  expect([index.reopened, index.written.length, stalls(), overlay.isEmpty]).toEqual([0, 0, 1, false])
  free = 1000
  await expect.poll(() => writer.stalled).toBeUndefined()
  await writer.indexed(2)
  expect([index.reopened, overlay.isEmpty, failed]).toEqual([1, true, []])
  expect(writer.counts[1]?.records).toBe(2)
})

test('an index that could be closed and not opened ends the writer', async () => {
  const index = new FakeIndex()
  const { writer, add, failed } = writerOn(index)
  add(1)
  index.failures = [{ error: full(), stored: false }]
  index.reopenError = full()
  await expect(writer.indexed(1)).rejects.toMatchObject({ code: 'internal' })
  expect(failed.length).toBe(1)
})

test('an index that opened without a batch that was written is damaged: nothing more goes into it, and it does not say sound', async () => {
  const { index, writer, add, failed } = await threeBatches()
  // As LevelDB does with a damaged log: all of a batch is gone, and those behind it are there.
  index.stored.delete(markerKey(2).toString('latin1'))
  add(4)
  index.failures = [{ error: full(), stored: false }]
  await expect(writer.indexed(4)).rejects.toMatchObject({ code: 'data-corrupt' })
  expect([index.reopened, index.written.length, failed]).toEqual([1, 3, []])
  expect(writer.stalled?.code).toBe('data-corrupt')
  await expect(writer.table()).rejects.toMatchObject({ code: 'data-corrupt' })
})

test('the look for lost batches is owed until it was possible: nothing is written or tabled before it', async () => {
  const { index, writer, add, failed } = await threeBatches()
  index.stored.delete(markerKey(2).toString('latin1'))
  const { getMany } = index
  let looks = 0
  index.onReopen = () => {
    index.getMany = async (keys) => {
      looks++
      if (looks <= 2) throw new CodedError('queue-full', 'made by a test')
      return await getMany.call(index, keys)
    }
  }
  add(4)
  index.failures = [{ error: full(), stored: false }]
  await expect(writer.indexed(4)).rejects.toMatchObject({ code: 'queue-full' })
  await expect(writer.table()).rejects.toMatchObject({ code: 'queue-full' })
  await expect.poll(() => writer.stalled?.code).toBe('data-corrupt')
  expect([index.reopened, index.written.length, failed]).toEqual([1, 3, []])
  await expect(writer.table()).rejects.toMatchObject({ code: 'data-corrupt' })
})

test('tables that are asked for during a reopening do not pass for a look at what is open then', async () => {
  const { index, writer, add, failed } = await threeBatches()
  const opening = Promise.withResolvers<void>()
  index.gate = opening.promise
  const { getMany } = index
  let looks = 0
  index.onReopen = () => {
    index.stored.delete(markerKey(2).toString('latin1'))
    index.getMany = async (keys) => {
      looks++
      if (looks === 1) throw new CodedError('queue-full', 'made by a test')
      return await getMany.call(index, keys)
    }
  }
  index.failures = [{ error: full(), stored: false }]
  const table = () => expect(writer.table()).rejects.toBeInstanceOf(CodedError)
  add(4)
  const indexed = expect(writer.indexed(4)).rejects.toBeInstanceOf(CodedError)
  await expect.poll(() => index.reopenings).toBe(1)
  const tabled = table()
  opening.resolve()
  await Promise.all([tabled, indexed])
  await expect.poll(() => writer.stalled?.code).toBe('data-corrupt')
  expect([writer.tabledMarker, index.written.length, failed]).toEqual([0, 3, []])
})

test('a lack of file descriptors delays a batch: the index stays open, and is opened anew only where files can be opened', async () => {
  const starved = () => new CodedError('queue-full', 'made by a test')
  const index = new FakeIndex()
  let canOpen = false
  const { writer, add, failed } = writerOn(
    index,
    () => 1000,
    () => canOpen,
  )
  add(1)
  index.failures = [{ error: starved(), stored: false }]
  await expect(writer.indexed(1)).rejects.toMatchObject({ code: 'queue-full' })
  await expect.poll(() => writer.stalled).toBeUndefined()
  expect([index.reopened, index.written.length, failed]).toEqual([0, 1, []])
  add(2)
  index.failures = Array.from({ length: 1000 }, () => ({ error: starved(), stored: false }))
  await expect(writer.indexed(2)).rejects.toMatchObject({ code: 'queue-full' })
  await new Promise((resolve) => setTimeout(resolve, 40))
  expect([index.reopened, writer.stalled?.code]).toEqual([0, 'queue-full'])
  // A LevelDB that could not make a table refuses every write until it is opened anew.
  index.onReopen = () => {
    index.failures = []
  }
  canOpen = true
  await expect.poll(() => writer.stalled).toBeUndefined()
  expect([index.reopened, index.written.length, failed]).toEqual([1, 2, []])
})
