import { spawn } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import type { RecordStore } from '../../../src/node/ports/record-store.ts'
import { bytes, put } from '../../conformance/record-store/store-bed.ts'
import { SeededNumbers } from './crash-images.ts'
import { killBatch } from './kill-batch.ts'
import { openLevelStoreAt, temporaryFolder } from './level-bed.ts'

const cycles = Number(process.env.MEMO_STORE_KILL_CYCLES ?? 60)
const program = fileURLToPath(new URL('./killed-writer.ts', import.meta.url))

const folder = temporaryFolder('kill')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Life {
  readonly lines: readonly string[]
  readonly kept: readonly number[]
  readonly sentMax: number
}

/** Runs the writer; `killAfterMs` counts from its first answer. */
async function live(
  root: string,
  first: number,
  options: { readonly killAfterMs?: number; readonly count?: number },
): Promise<Life> {
  const child = spawn(process.execPath, [program, root, String(first), String(options.count ?? 'Infinity')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  let timer: NodeJS.Timeout | undefined
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
    if (options.killAfterMs !== undefined && output.includes('sent')) {
      timer ??= setTimeout(() => child.kill('SIGKILL'), options.killAfterMs)
    }
  })
  await new Promise((resolve) => child.once('close', resolve))
  clearTimeout(timer)
  // What follows the last line break was cut off by the kill.
  const lines = output.slice(0, output.lastIndexOf('\n')).split('\n')
  const numbers = (word: string) => lines.filter((line) => line.startsWith(`${word} `)).map((line) => Number(line.split(' ')[1]))
  return { lines, kept: numbers('kept'), sentMax: Math.max(first - 1, ...numbers('sent')) }
}

/** The highest batch that is there; every one up to it has to be there whole, and none behind it in part. */
async function proveWhole(store: RecordStore, from: number, sentMax: number): Promise<number> {
  const last = Number(Buffer.from((await store.get('local', bytes('last'))) ?? bytes('0')).toString())
  for (let number = from; number <= sentMax; number++) {
    for (const write of killBatch(number)) {
      if (write.kind === 'delete' || write.family === 'local') continue
      const isRemoved = write.family !== 'content' && number <= last - 400
      const value = await store.get(write.family, write.key)
      const label = `batch ${number} of ${last} in ${write.family}`
      if (number > last || isRemoved) expect(value, label).toBeUndefined()
      else expect(Buffer.compare(value ?? bytes(''), write.value), label).toBe(0)
    }
  }
  return last
}

test(`no acknowledged batch is lost in ${cycles} kills`, { timeout: 300_000 }, async () => {
  const root = join(folder, 'store')
  const numbers = new SeededNumbers(77)
  let next = 1
  let acknowledged = 0
  let answered = 0
  for (let cycle = 0; cycle < cycles; cycle++) {
    const { lines, kept, sentMax } = await live(root, next, { killAfterMs: numbers.below(cycle % 3 === 0 ? 15 : 200) })
    expect(lines[0], `cycle ${cycle}`).toBe(`open ${2 * cycle + 1} sound`)
    acknowledged = Math.max(acknowledged, ...kept)
    answered += kept.length
    await using store = await openLevelStoreAt(root)
    expect(store.condition).toEqual({ kind: 'sound' })
    const last = await proveWhole(store, Math.max(1, next - 450), sentMax)
    expect(last, `cycle ${cycle}: the last batch acknowledged is there`).toBeGreaterThanOrEqual(acknowledged)
    expect(last).toBeLessThanOrEqual(sentMax)
    // What was sent and lost is sent again under the same number.
    next = last + 1
    if (cycle % 10 === 9) expect((await store.verify()).findings).toEqual([])
  }
  console.info(`kill -9: ${cycles} cycles, ${answered} batches acknowledged, 0 lost`)
  expect(answered).toBeGreaterThan(cycles)
})

test('a second process does not open the folder, and the first one keeps it', async () => {
  const root = join(folder, 'shared')
  const store = await openLevelStoreAt(root)
  await store.commit(killBatch(1))
  for (let attempt = 0; attempt < 2; attempt++) {
    expect((await live(root, 2, { count: 1 })).lines).toEqual(['error store-locked'])
    await expect(openLevelStoreAt(root)).rejects.toMatchObject({ code: 'store-locked' })
  }
  await store.commit([put('entry', 'still', 'here')])
  await store.close()
  expect((await live(root, 2, { count: 3 })).lines.at(-1)).toBe('closed')
  await using again = await openLevelStoreAt(root)
  expect(again.identity.bootCount).toBe(3)
  expect(await again.has('entry', bytes('still'))).toBe(true)
  expect(await proveWhole(again, 1, 4)).toBe(4)
})
