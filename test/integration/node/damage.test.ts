import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { status } from '@grpc/grpc-js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { MemoProcess } from '../../support/memo-process.ts'
import { StartFailure, startMemo } from '../../support/memo-process.ts'
import { statusOf } from '../../support/plain-client.ts'
import { testFolder } from '../cli/cli-bed.ts'
import { SeededNumbers } from '../store/crash-images.ts'
import type { JournalFrame } from '../store/damage-sources.ts'
import { readFrames } from '../store/damage-sources.ts'
import { copyStoreFolder } from '../store/level-bed.ts'
import { NodeClients } from './acknowledged-writes.ts'
import { doctorOf, healthOf } from './node-health.ts'

const folder = testFolder()
/** Inline, in the journal, chunked. */
const sizes = [20, 900, 8000, 40_000, 130_000, 1_200_000]
const keys = 90
const keyOf = (number: number) => `damage/${String(number).padStart(3, '0')}`

/** What the last life of the store left for each key. */
function contentOf(number: number): Buffer {
  const outputLength = sizes[number % sizes.length] ?? 1
  return createHash('shake256', { outputLength }).update(`last ${number}`).digest()
}

let frames: readonly JournalFrame[]
const outcomes: Record<string, string> = {}
afterAll(() => console.table(outcomes))

/** A node that lived twice and was killed: tables, a log, several segments, replaced values. */
beforeAll(async () => {
  const root = folder.path('source')
  for (const last of [false, true]) {
    const memo = await startMemo(root)
    using clients = new NodeClients(memo.ready.grpc)
    for (let number = 0; number < keys; number++) {
      const value = last || number % 3 === 0 ? contentOf(number) : Buffer.from(`old ${number}`)
      await clients.kvs.call('Upsert', { key: keyOf(number), value })
    }
    // Time for the index to follow: what only the journal holds has a proof of its own beside this one.
    await sleep(300)
    await (last ? memo.kill() : memo.terminate())
  }
  frames = await readFrames(root)
}, 60_000)

interface Target {
  readonly file: string
  readonly from: number
  readonly to: number
}

interface Kind {
  readonly name: string
  readonly targets: () => readonly Target[]
  /** Whether the file as a whole is removed as well. */
  readonly removable?: boolean
  readonly flips?: number
  /** All may be right although nobody complains: bytes that nothing uses any more, or an index that is healed from the journal. */
  readonly mayHeal?: boolean
  /** What is healed is told by the health of the node and by the doctor. */
  readonly tells?: boolean
  /** The doctor names it even where all records are right. */
  readonly isNamed?: boolean
}

/** All files of the source whose path below it matches. */
function files(pattern: RegExp): () => readonly Target[] {
  return () => {
    const root = folder.path('source')
    const names = readdirSync(root, { recursive: true, withFileTypes: true }).flatMap((entry) => {
      const path = join(entry.parentPath, entry.name)
      return entry.isFile() && pattern.test(path.slice(root.length + 1)) ? [path] : []
    })
    const found = names.sort().map((path) => ({ file: path.slice(root.length + 1), from: 0, to: readFileSync(path).length }))
    return found.filter(({ to }) => to > 0)
  }
}

/** Segments that hold something; one more is kept ready and has nothing to lose. */
const segments = () => files(/^journal\/.*\.seg$/)().filter(({ file }) => frames.some((frame) => frame.file === file))
const kinds: readonly Kind[] = [
  { name: 'segment header', targets: () => segments().map((each) => ({ ...each, to: 4096 })) },
  {
    name: 'journal frame',
    targets: () => frames.map(({ file, from }) => ({ file, from, to: from + 100 })),
    flips: 2,
    mayHeal: true,
    isNamed: true,
  },
  {
    name: 'journal payload',
    targets: () => frames.flatMap(({ file, from, to, payloads }) => (payloads ? [{ file, from: from + 1500, to: to - 8 }] : [])),
    flips: 2,
  },
  { name: 'segment', targets: segments, flips: 0, removable: true },
  { name: 'LevelDB log', targets: files(/^index\/\d+\.log$/), flips: 3, removable: true, mayHeal: true },
  { name: 'LevelDB table', targets: files(/^index\/\d+\.ldb$/), flips: 3, removable: true, mayHeal: true },
  { name: 'LevelDB MANIFEST', targets: files(/^index\/MANIFEST-\d+$/), removable: true, mayHeal: true, tells: true },
  { name: 'LevelDB CURRENT', targets: files(/^index\/CURRENT$/), removable: true, mayHeal: true, tells: true },
  { name: 'FORMAT', targets: files(/^FORMAT$/), removable: true },
  { name: 'identity', targets: files(/^store$/), removable: true },
  { name: 'node key', targets: files(/^keys\/node\.key$/), removable: true },
  { name: 'user key', targets: files(/^keys\/service-user\.key$/), removable: true },
]

interface Verdict {
  readonly outcome: 'refused to start' | 'said at once' | 'answered as damaged' | 'right' | 'wrong or missing'
  readonly detail: string
}

const startCodes = ['store-damaged', 'store-newer-format', 'key-unavailable', 'data-corrupt', 'store-unwritable']

async function judge(root: string): Promise<Verdict> {
  let memo: MemoProcess
  try {
    memo = await startMemo(root)
  } catch (error) {
    if (!(error instanceof StartFailure)) throw error
    return startVerdict(error)
  }
  try {
    using clients = new NodeClients(memo.ready.grpc)
    const { body } = await healthOf(memo)
    const wrong: string[] = []
    let damaged = 0
    for (let number = 0; number < keys; number++) {
      const found = await readOf(clients, number)
      if (found === 'damaged') damaged++
      else if (found !== 'right') wrong.push(`${keyOf(number)} is ${found}`)
    }
    const { items } = await clients.kvs.call<{ items: readonly unknown[] }>('List', { prefix: 'damage/' })
    if (items.length !== keys) wrong.push(`${items.length} keys are listed`)
    if (body.store.condition === 'suspect') return { outcome: 'said at once', detail: body.store.findings.join('; ') }
    if (wrong.length > 0) return { outcome: 'wrong or missing', detail: wrong.join() }
    if (damaged > 0) return { outcome: 'answered as damaged', detail: `${damaged} keys` }
    return { outcome: 'right', detail: body.store.damage.join('; ') }
  } finally {
    await memo.kill()
  }
}

/** A start that fails has to say so with its code and the exit code of the data directory. */
function startVerdict({ exitCode, log }: StartFailure): Verdict {
  const line = log.trim().split('\n').at(-1) ?? ''
  const { error } = JSON.parse(line) as { readonly error: { readonly code: string; readonly message: string } }
  expect(startCodes, log).toContain(error.code)
  expect(exitCode, log).toBe(error.code === 'data-corrupt' ? 7 : 10)
  return { outcome: 'refused to start', detail: `${error.code}: ${error.message}` }
}

async function readOf({ kvs }: NodeClients, number: number): Promise<'right' | 'damaged' | 'missing' | 'wrong'> {
  try {
    const { value } = await kvs.call<{ value: Uint8Array }>('Fetch', { key: keyOf(number) })
    return contentOf(number).equals(value) ? 'right' : 'wrong'
  } catch (error) {
    if (statusOf(error) === status.DATA_LOSS) return 'damaged'
    if (statusOf(error) === status.NOT_FOUND) return 'missing'
    throw error
  }
}

/** Damages a copy, judges a node on it, and lets the doctor look at another copy. */
async function proveFound(kind: Kind, label: string, target: Target, change: (path: string) => string): Promise<void> {
  const [root, patient] = [folder.path('damaged'), folder.path('patient')]
  for (const each of [root, patient]) {
    rmSync(each, { recursive: true, force: true })
    copyStoreFolder(folder.path('source'), each)
  }
  const what = [root, patient].map((each) => change(join(each, target.file)))[0]
  const where = `${kind.name}: ${target.file}, ${what}`
  const [verdict, doctor] = await Promise.all([judge(root), doctorOf(patient)]).catch((error: unknown) => {
    throw new Error(where, { cause: error })
  })
  outcomes[label] = `${verdict.outcome}, doctor ${doctor.state}`
  const told = `${where}: ${verdict.outcome} (${verdict.detail}); doctor: ${doctor.red.join('; ')}`
  if (verdict.outcome === 'right') {
    if (kind.mayHeal !== true) expect(doctor.state, told).toBe('red')
    if (kind.isNamed === true) expect([...doctor.red, ...doctor.amber].join(), told).toMatch(/journal: segment \d+/)
    if (kind.tells === true) {
      expect(verdict.detail, told).not.toBe('')
      expect([...doctor.red, ...doctor.amber].join(), told).toMatch(/damage/)
    }
  } else expect(doctor.state, told).toBe('red')
  if (verdict.outcome === 'wrong or missing') expect(doctor.red.join(), told).toContain('records')
}

describe.each(kinds)('$name', (kind) => {
  const pick = (numbers: SeededNumbers): Target => {
    const targets = kind.targets()
    const target = targets[numbers.below(targets.length)]
    if (target === undefined) throw new Error(`the source has no ${kind.name}`)
    return target
  }

  test('with a flipped bit ends as found', async () => {
    for (let flip = 0; flip < (kind.flips ?? 1); flip++) {
      const numbers = new SeededNumbers(500 + flip)
      const target = pick(numbers)
      const [offset, bit] = [target.from + numbers.below(target.to - target.from), numbers.below(8)]
      await proveFound(kind, `${kind.name}, flip ${flip}`, target, (path) => {
        const bytes = readFileSync(path)
        bytes.writeUInt8(bytes.readUInt8(offset) ^ (1 << bit), offset)
        writeFileSync(path, bytes)
        return `bit ${bit} at ${offset} of ${bytes.length}`
      })
    }
  })

  test('removed ends as found', async () => {
    if (kind.removable !== true) return
    await proveFound(kind, `${kind.name}, removed`, pick(new SeededNumbers(900)), (path) => {
      expect(existsSync(path)).toBe(true)
      rmSync(path)
      return 'removed'
    })
  })
})
