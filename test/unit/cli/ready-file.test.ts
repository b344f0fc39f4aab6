import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readConsoleAccess, removeConsoleAccess, writeConsoleAccess } from '../../../src/node/cli/run/console-access.ts'
import type { ReadyFacts } from '../../../src/node/cli/run/ready-file.ts'
import {
  readyFileFault,
  removeLeftReadyFiles,
  removeOwnReadyFiles,
  writeReadyFiles,
} from '../../../src/node/cli/run/ready-file.ts'

const facts: ReadyFacts = {
  nodeId: 'ab'.repeat(32),
  pid: 4711,
  grpc: '127.0.0.1:7070',
  consoleUrl: 'http://127.0.0.1:7071',
  listen: null,
  version: '0.1.0',
}
let folder = ''
let data = ''
let readyFile = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'memo-ready-'))
  data = join(folder, 'data')
  readyFile = join(folder, 'ready.json')
  mkdirSync(data)
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function text(path: string): string {
  return readFileSync(path, 'utf8')
}

describe('a ready file', () => {
  test('appears whole beside the one in the data directory, and both go with their node', async () => {
    await writeReadyFiles({ data, readyFile }, facts)
    for (const path of [readyFile, join(data, 'running.json')]) {
      expect(JSON.parse(text(path))).toEqual(facts)
      expect(statSync(path).mode & 0o777 & ~process.umask()).toBe(0o644 & ~process.umask())
    }
    await removeOwnReadyFiles({ data, readyFile }, facts.pid)
    expect(readdirSync(folder)).toEqual(['data'])
    expect(readdirSync(data)).toEqual([])
  })

  test('of a run that was killed is replaced or removed', async () => {
    await writeReadyFiles({ data, readyFile }, facts)
    await writeReadyFiles({ data, readyFile }, { ...facts, pid: 2 })
    expect(JSON.parse(text(readyFile))).toMatchObject({ pid: 2 })
    await removeLeftReadyFiles({ data, readyFile })
    expect(readdirSync(folder)).toEqual(['data'])
  })

  test('of another process stays at the stop', async () => {
    await writeReadyFiles({ data, readyFile }, facts)
    await writeReadyFiles({ data: join(folder), readyFile }, { ...facts, pid: 2 })
    await removeOwnReadyFiles({ data, readyFile }, facts.pid)
    expect(JSON.parse(text(readyFile))).toMatchObject({ pid: 2 })
  })
})

const others = [
  ['a file of a person', (path: string) => writeFileSync(path, '{"key":"a","value":"aGk="}\n')],
  ['JSON that says nearly as much', (path: string) => writeFileSync(path, JSON.stringify({ ...facts, nodeId: 'me' }))],
  ['a link to a ready file', (path: string) => linkTo(path, facts)],
  ['a link to nothing', (path: string) => symlinkSync(join(folder, 'nothing'), path)],
  ['a directory', (path: string) => mkdirSync(path)],
] as const

function linkTo(path: string, content: object): void {
  const target = join(folder, 'target.json')
  writeFileSync(target, JSON.stringify(content))
  symlinkSync(target, path)
}

test('a file without a byte, as mktemp leaves it, becomes the ready file', async () => {
  writeFileSync(readyFile, '')
  await removeLeftReadyFiles({ data, readyFile })
  expect([readyFileFault(readyFile), text(readyFile)]).toEqual([undefined, ''])
  await writeReadyFiles({ data, readyFile }, facts)
  expect(JSON.parse(text(readyFile))).toEqual(facts)
})

describe.each(others)('%s at the path of the ready file', (_name, make) => {
  test('is never replaced nor removed', async () => {
    make(readyFile)
    const before = readdirSync(folder)
    expect(readyFileFault(readyFile)).toMatch(/^is /)
    await removeLeftReadyFiles({ data, readyFile })
    await removeOwnReadyFiles({ data, readyFile }, facts.pid)
    await expect(writeReadyFiles({ data, readyFile }, facts)).rejects.toMatchObject({ code: 'store-unwritable' })
    expect(readdirSync(folder)).toEqual(before)
    if (before.includes('target.json')) expect(JSON.parse(text(join(folder, 'target.json')))).toEqual(facts)
  })
})

test('what a person keeps beside the ready file is in nobody’s way', async () => {
  writeFileSync(`${readyFile}.partial`, 'mine')
  writeFileSync(join(folder, 'ready.json.new'), 'mine too')
  await writeReadyFiles({ data, readyFile }, facts)
  expect(text(`${readyFile}.partial`)).toBe('mine')
  expect(text(join(folder, 'ready.json.new'))).toBe('mine too')
})

test('the way in to the console goes with the process that left it, and only with that', async () => {
  const access = { pid: 1, url: 'http://127.0.0.1:1', browserUrl: 'http://127.0.0.1:1', secret: 's' }
  await writeConsoleAccess(data, access)
  await removeConsoleAccess(data, 2)
  expect(await readConsoleAccess(data)).toEqual(access)
  await removeConsoleAccess(data, 1)
  expect(readdirSync(data)).toEqual([])
  writeFileSync(join(data, 'console.json'), 'mine')
  await removeConsoleAccess(data, 1)
  expect(text(join(data, 'console.json'))).toBe('mine')
})
