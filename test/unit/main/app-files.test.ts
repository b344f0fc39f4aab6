import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { appSettingsSchema, nodeArguments, ownArguments } from '../../../src/main/files/app-settings.ts'
import { JsonFile } from '../../../src/main/files/json-file.ts'
import { AppNode } from '../../../src/main/host/app-node.ts'
import { LogTail } from '../../../src/main/supervisor/log-tail.ts'
import { nodeEnvironment } from '../../../src/main/supervisor/node-environment.ts'

let folder = ''
let discarded: string[] = []
let unwritten: string[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'memo-app-files-'))
  discarded = []
  unwritten = []
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function fileAt(path: string): JsonFile<{ count: number }> {
  return new JsonFile({
    path,
    schema: z.strictObject({ count: z.number() }),
    fallback: { count: 0 },
    discarded: ({ reason }) => void discarded.push(reason),
    unwritten: ({ reason }) => void unwritten.push(reason),
  })
}

describe('a file of the app', () => {
  test('is written whole, for its owner alone, and read again', () => {
    const path = join(folder, 'deeper', 'file.json')
    expect(fileAt(path).value).toEqual({ count: 0 })
    expect(fileAt(path).write({ count: 7 })).toBe(true)
    expect(fileAt(path).value).toEqual({ count: 7 })
    expect(readdirSync(join(folder, 'deeper'))).toEqual(['file.json'])
    if (process.platform !== 'win32') expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(discarded).toEqual([])
  })

  test.each([
    ['no JSON', '{"count":'],
    ['another shape', '{"count":"seven"}'],
    ['a name that is not known', '{"count":1,"more":2}'],
    ['nothing', ''],
    ['far too much', JSON.stringify({ count: 1, filler: 'x'.repeat(70_000) })],
  ])('with %s is left behind for the defaults', (_name, text) => {
    const path = join(folder, 'file.json')
    writeFileSync(path, text)
    const file = fileAt(path)
    expect(file.value).toEqual({ count: 0 })
    expect(discarded).toHaveLength(1)
    file.write({ count: 2 })
    expect(fileAt(path).value).toEqual({ count: 2 })
  })

  test('that cannot be written keeps what was there and stays in force', () => {
    const path = join(folder, 'file.json')
    writeFileSync(path, '{"count":1}')
    const inFile = fileAt(join(path, 'below-a-file.json'))
    expect(inFile.write({ count: 3 })).toBe(false)
    expect(inFile.value).toEqual({ count: 3 })
    expect(unwritten).toHaveLength(1)
    expect(readFileSync(path, 'utf8')).toBe('{"count":1}')
  })
})

describe('flags of the node', () => {
  test('stand behind the first -- and are stronger than what the app remembers', () => {
    expect(ownArguments(['electron', '.', '--inspect', '--', '--data', 'x', '--', 'y'])).toEqual(['--data', 'x', '--', 'y'])
    expect(ownArguments(['memo', '--data', 'x'])).toEqual([])
    expect(nodeArguments({ dataDirectory: 'd', grpcAddress: '127.0.0.1:1' }, ['--data', 'x'])).toEqual([
      ...['--data', 'd', '--grpc', '127.0.0.1:1'],
      ...['--data', 'x'],
    ])
  })

  test('settings of another shape are refused', () => {
    for (const bad of [{ grpcAddress: 'x --insecure' }, { dataDirectory: '' }, { other: 1 }, []]) {
      expect(appSettingsSchema.safeParse(bad).success).toBe(false)
    }
    expect(appSettingsSchema.safeParse({ grpcAddress: '[::1]:7070', dataDirectory: '/a b' }).success).toBe(true)
  })

  test('a free port is looked for once and then kept, also by the next app', () => {
    const settings = new JsonFile({
      path: join(folder, 'settings.json'),
      schema: appSettingsSchema,
      fallback: {},
      discarded: () => {},
      unwritten: () => {},
    })
    const node = new AppNode({ settings, commandLine: ['--grpc', '127.0.0.1:7070'] })
    expect(node.arguments()).toEqual(['--grpc', '127.0.0.1:7070'])
    node.told({ kind: 'serving', grpc: '127.0.0.1:7070' })
    expect(settings.value).toEqual({})
    node.findPort()
    expect(node.arguments().slice(-2)).toEqual(['--grpc', '127.0.0.1:0'])
    node.told({ kind: 'serving', grpc: '127.0.0.1:40001' })
    expect(node.arguments().slice(-2)).toEqual(['--grpc', '127.0.0.1:40001'])
    expect(new AppNode({ settings, commandLine: [] }).arguments()).toEqual(['--grpc', '127.0.0.1:40001'])
  })

  test('a directory that a person picks is stronger than the command line of this run', () => {
    const settings = { value: {}, write: () => true }
    const node = new AppNode({ settings, commandLine: ['--data', 'x'] })
    node.takeDirectory('y')
    expect(node.arguments()).toEqual(['--data', 'x', '--data', 'y'])
    expect(node.dataDirectory).toBeUndefined()
    node.told({ kind: 'configured', dataDirectory: 'y' })
    expect(node.dataDirectory).toBe('y')
  })
})

test('the environment of the node has its settings and the places of the system, and nothing that changes how Node works', () => {
  const given = {
    HOME: '/home/a',
    MEMO_CAPACITY: '1GiB',
    Path: 'windows',
    NODE_OPTIONS: '--import evil',
    LD_PRELOAD: 'evil.so',
    ELECTRON_RUN_AS_NODE: '1',
    AWS_SECRET_ACCESS_KEY: 'secret',
    LANG: undefined,
  }
  expect(nodeEnvironment(given)).toEqual({ HOME: '/home/a', MEMO_CAPACITY: '1GiB', Path: 'windows' })
})

describe('the tail of the log', () => {
  test('joins lines that came in pieces and keeps fifty', () => {
    const tail = new LogTail()
    expect(tail.take('one\ntw')).toEqual(['one'])
    expect(tail.lines).toEqual(['one', 'tw'])
    expect(tail.take('o\n\nthree\n')).toEqual(['two', '', 'three'])
    expect(tail.lines).toEqual(['one', 'two', 'three'])
    tail.take(Array.from({ length: 60 }, (_, index) => `${index}\n`).join(''))
    expect(tail.lines).toHaveLength(50)
    expect(tail.lines.at(-1)).toBe('59')
    tail.clear()
    expect(tail.lines).toEqual([])
  })

  test('a line without an end takes no more than its limit', () => {
    const tail = new LogTail()
    for (let piece = 0; piece < 100; piece += 1) tail.take('x'.repeat(1_000))
    expect(tail.lines.every((line) => line.length <= 2_000)).toBe(true)
    expect(tail.lines.length).toBeLessThanOrEqual(50)
  })
})
