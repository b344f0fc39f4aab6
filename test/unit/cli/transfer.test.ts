import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readLines } from '../../../src/node/api/ndjson/ndjson-lines.ts'
import { parseLine } from '../../../src/node/api/ndjson/ndjson-values.ts'
import { ExportPlaces } from '../../../src/node/cli/transfer/export-place.ts'
import { walkFolder } from '../../../src/node/cli/transfer/folder-walk.ts'
import { askForIndexDamage } from '../../../src/node/cli/transfer/listed-pages.ts'
import { sameBytes } from '../../../src/node/cli/transfer/same-bytes.ts'
import { byteText, TransferReport } from '../../../src/node/cli/transfer/transfer-report.ts'
import { BoundedTasks } from '../../../src/shared/bounded-tasks.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'memo-transfer-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

async function* pieces(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text)
}

test('a walk gives names in the bytewise order of keys', async () => {
  for (const name of ['b', 'a/x', 'a-b', 'a.c/y', 'a0', 'é', 'z/z/z']) {
    mkdirSync(join(folder, name, '..'), { recursive: true })
    writeFileSync(join(folder, name), '')
  }
  symlinkSync('b', join(folder, 'link'))
  const names: string[] = []
  for await (const entry of walkFolder(folder)) names.push(entry.kind === 'file' ? entry.name : `${entry.reason}:${entry.name}`)
  expect(names).toEqual(['a-b', 'a.c/y', 'a/x', 'a0', 'b', 'symbolic-link:link', 'z/z/z', 'é'])
})

describe('places of names', () => {
  async function placesOf(
    names: readonly string[],
    options: { readonly caseInsensitive?: boolean; readonly platform?: NodeJS.Platform } = {},
  ) {
    const places = new ExportPlaces({
      target: folder,
      platform: options.platform ?? 'linux',
      caseInsensitive: options.caseInsensitive ?? false,
    })
    const found: (string | undefined)[] = []
    for (const name of names) {
      const place = await places.place(name)
      found.push(place.kind === 'file' ? undefined : place.reason)
    }
    return found
  }

  test('a file wins over the folder that other names would make of it', async () => {
    expect(await placesOf(['a', 'a-b', 'a-b/c', 'a.d/x', 'a/b', 'a/b/c', 'a0', 'a0x/y'])).toEqual([
      undefined,
      undefined,
      'file-folder-collision',
      undefined,
      'file-folder-collision',
      'file-folder-collision',
      undefined,
      undefined,
    ])
  })

  test('case counts only where the file system says so', async () => {
    expect(await placesOf(['A/x', 'B', 'a/y', 'b'])).toEqual([undefined, undefined, undefined, undefined])
    expect(await placesOf(['A/x', 'B', 'a/y', 'b'], { caseInsensitive: true })).toEqual([
      undefined,
      undefined,
      'case-collision',
      'case-collision',
    ])
  })

  test('names that Windows would take for something else', async () => {
    expect(await placesOf(['C:x', 'a\\..\\b', 'nul', 'aux.txt', 'end.', 'fine'], { platform: 'win32' })).toEqual([
      'name-not-possible',
      'name-not-possible',
      'name-not-possible',
      'name-not-possible',
      'name-not-possible',
      undefined,
    ])
  })

  test('every way out', async () => {
    expect(await placesOf(['..', '../x', 'a/../../x', '/etc/passwd', '.', 'a/./b', 'a\0b'])).toEqual([
      'name-escapes-folder',
      'name-escapes-folder',
      'name-escapes-folder',
      'name-escapes-folder',
      'name-escapes-folder',
      'name-escapes-folder',
      'name-not-possible',
    ])
  })
})

test.each([
  [['abc', 'def'], ['abcdef'], true],
  [['', 'a', ''], ['a'], true],
  [[], [''], true],
  [['abc'], ['abd'], false],
  [['abc'], ['ab'], false],
  [['ab'], ['ab', 'c'], false],
])('%j and %j are the same: %s', async (left, right, same) => {
  expect(await sameBytes(pieces(...left), pieces(...right))).toBe(same)
})

test('lines are found however the bytes are cut', async () => {
  const lines: [number, number, string][] = []
  for await (const { number, offset, bytes } of readLines(pieces('a', 'b\n', '\n\nc', 'd\ne')))
    lines.push([number, offset, bytes.toString()])
  expect(lines).toEqual([
    [1, 0, 'ab'],
    [4, 5, 'cd'],
    [5, 8, 'e'],
  ])
})

test('a byte order mark at the beginning is no part of the first line, and is one elsewhere', async () => {
  const found: [number, number, string][] = []
  for await (const { number, offset, bytes } of readLines(pieces('\uFEFFa\n', '\uFEFFb')))
    found.push([number, offset, bytes.toString()])
  expect(found).toEqual([
    [1, 0, 'a'],
    [2, 5, '\uFEFFb'],
  ])
  for await (const _ of readLines(pieces('\uFEFF'))) expect.unreachable()
})

test('what is missing on the other side is called left out in the report for people, and what is not is skipped', () => {
  const report = new TransferReport(0)
  report.skip('key-too-long', 'k')
  report.skip('already-there', 'a')
  expect(report.toText('imported', 1000).split('\n').slice(1)).toEqual(['left out 1 key too long: k', 'skipped 1 already there'])
})

test('names in the report for people are short, and one that is empty is seen', () => {
  const report = new TransferReport(0)
  report.skip('key-too-long', 'k'.repeat(4096))
  report.skip('key-empty', '')
  const [, long, empty] = report.toText('imported', 1000).split('\n')
  expect(long).toBe(`left out 1 key too long: ${'k'.repeat(100)}...`)
  expect(empty).toBe('left out 1 key empty: ""')
})

describe('bounded tasks', () => {
  test('keep count and weight, and a heavy one goes alone', async () => {
    const tasks = new BoundedTasks({ countMax: 3, weightMax: 10 })
    const running = new Set<number>()
    let most = 0
    for (const weight of [1, 1, 1, 1, 20, 9, 9]) {
      await tasks.begin(weight, async () => {
        running.add(weight)
        most = Math.max(most, running.size)
        if (weight === 20) expect(running.size).toBe(1)
        await new Promise((resolve) => setTimeout(resolve, 2))
        running.delete(weight)
      })
    }
    await tasks.settled()
    expect(most).toBeLessThanOrEqual(3)
  })

  test('the first failure ends them', async () => {
    const tasks = new BoundedTasks({ countMax: 1, weightMax: 10 })
    await tasks.begin(1, () => Promise.reject(new Error('first')))
    await expect(tasks.begin(1, () => Promise.resolve())).rejects.toThrow('first')
    await expect(tasks.settled()).rejects.toThrow('first')
  })
})

test('a report counts, shows examples and keeps them few', () => {
  const report = new TransferReport(0)
  report.copy(1536)
  for (let index = 0; index < 9; index++) report.skip('symbolic-link', `l${index}`)
  report.fail('unreadable', 'u')
  expect(report.toText('imported', 2000)).toBe(
    'imported 1 (1.5 KiB) in 2.0 s, 1 a second\nleft out 9 symbolic link: l0, l1, l2, l3, l4, ...\nFAILED 1 unreadable: u',
  )
  expect(report.toJson(2000)).toMatchObject({
    copied: 1,
    skipped: 9,
    failed: 1,
    durationMs: 2000,
    failures: [{ reason: 'unreadable', count: 1, examples: ['u'] }],
  })
  expect([byteText(0), byteText(1023), byteText(1024 ** 4)]).toEqual(['0 B', '1023 B', '1.0 TiB'])
})

test('only skips after which something is missing count as left out', () => {
  const report = new TransferReport(0)
  report.skip('already-there', 'a')
  report.skip('vanished', 'b')
  expect(report.leftOut).toBe(0)
  report.skip('name-escapes-folder', '../c')
  expect([report.leftOut, report.toJson(1)]).toEqual([1, expect.objectContaining({ skipped: 3, leftOut: 1 })])
  report.skip('symbolic-link', 'd')
  report.skip('special-file', 'e')
  expect([report.leftOut, report.valuesLeftOut]).toEqual([3, 1])
})

test('what is damaged is named one by one, and that keys may be missing is said', () => {
  const report = new TransferReport(0)
  report.copy(1)
  expect([report.isDamaged, report.toJson(1)]).toEqual([false, expect.not.objectContaining({ incomplete: true })])
  for (let index = 0; index < 20; index++) report.fail('entry-damaged', `k${index}`)
  expect([report.isDamaged, report.failed]).toEqual([true, 20])
  expect(report.toText('exported', 1000)).toMatch(/^FAILED 20 entry damaged: k0, k1, .*, k19$/m)
})

test('of a damaged index nothing is called damaged that another start may find whole', () => {
  const report = new TransferReport(0)
  report.fail('damaged', 'a')
  report.fail('entry-damaged', 'b')
  expect(report.toText('exported', 1000)).toMatch(/^FAILED 1 damaged: a\nFAILED 1 entry damaged: b$/m)
  report.incomplete = true
  expect(report.toText('exported', 1000)).toMatch(/^FAILED 2 unreadable now: a, b$/m)
  expect(report.toText('exported', 1000)).toMatch(/^INCOMPLETE: the index of the node is damaged.*whether a restart/m)
  const failures = [{ reason: 'unreadable-now', count: 2, examples: ['a', 'b'] }]
  expect(report.toJson(1)).toMatchObject({ incomplete: true, failed: 2, failures })
})

test('what the last reads of an export found out about the index is asked for at its end', async () => {
  const report = new TransferReport(0)
  let asked = 0
  const list = () => {
    asked += 1
    return Promise.resolve({ incomplete: true })
  }
  const options = { client: { list }, prefix: '', report, signal: new AbortController().signal, progressed: () => {} }
  await askForIndexDamage(options as never)
  expect([asked, report.incomplete]).toEqual([0, false])
  report.fail('damaged', 'a')
  await askForIndexDamage(options as never)
  await askForIndexDamage(options as never)
  expect([asked, report.incomplete]).toEqual([1, true])
})

test('a line that is not UTF-8, or has half a character in its key, is refused: two keys would become one', () => {
  for (const [bytes, what] of [
    [Buffer.from('{"key":"caf\xe9","value":""}', 'latin1'), 'it is not UTF-8'],
    [Buffer.from('{"key":"\\ud800","value":""}'), 'half a character'],
  ] as const) {
    expect(() => parseLine({ number: 3, offset: 0, bytes })).toThrow(what)
  }
  expect(parseLine({ number: 1, offset: 0, bytes: Buffer.from('{"key":"café","value":"eA=="}') }).key).toBe('café')
})
