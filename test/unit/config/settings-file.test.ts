import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { call } from '@orpc/server'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { NodeCrypto } from '../../../src/node/adapters/node-crypto/node-crypto.ts'
import { settingsHandlers } from '../../../src/node/api/control/settings-handlers.ts'
import { byteSizeText, parseByteSize } from '../../../src/node/config/byte-size.ts'
import type { ConfigInput } from '../../../src/node/config/load-node-config.ts'
import { InvalidConfigError, loadNodeConfig } from '../../../src/node/config/load-node-config.ts'
import type { NodeConfig } from '../../../src/node/config/node-config-schema.ts'
import { settingNames } from '../../../src/node/config/node-config-schema.ts'
import type { SettingsChange, SettingsOutcome, SettingsView } from '../../../src/node/config/settings-file.ts'
import { SettingsFile } from '../../../src/node/config/settings-file.ts'
import { CodedError } from '../../../src/shared/coded-error.ts'
import { ManualClock } from '../../support/key-value-world.ts'
import { controlContext } from '../control/handler-bed.ts'

const crypto = new NodeCrypto({ verifyKeysMax: 16 })
let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'memo-settings-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function open(input: Partial<ConfigInput> = {}) {
  const loaded = loadNodeConfig({ environment: {}, ...input, flags: { data: folder, ...input.flags } })
  const told: unknown[] = []
  const asked: { readonly next: NodeConfig; readonly before: NodeConfig }[] = []
  const settings = new SettingsFile(loaded, {
    sha256: (bytes) => crypto.sha256(bytes),
    assertStartable: async (next, before) => {
      asked.push({ next, before })
      const { grpc, insecure, keyFile } = next
      if (keyFile !== undefined) throw new InvalidConfigError([{ name: 'keyFile', message: `${keyFile} is not there` }])
      if (grpc.host === '0.0.0.0' && !insecure) throw new CodedError('unsafe-bind', 'unsafe', { details: { key: 'grpc' } })
    },
    applied: (live) => void told.push(live),
    changed: () => void told.push('changed'),
  })
  return { settings, told, asked, path: join(folder, 'memo.json') }
}

function rowOf({ rows }: SettingsView, name: string) {
  return rows.find((row) => row.name === name)
}

async function put(
  settings: SettingsFile,
  values: Extract<SettingsChange, { kind: 'values' }>['values'],
): Promise<SettingsOutcome> {
  return await settings.put({ kind: 'values', values, expect: (await settings.read()).digest })
}

function problemsOf(outcome: SettingsOutcome) {
  return outcome.kind === 'invalid' ? outcome.problems : [outcome.kind]
}

describe('reading', () => {
  test('a row for every setting, with kind, default and origin', async () => {
    const { settings, path } = open({ environment: { MEMO_CAPACITY: '51539607552' }, flags: { logLevel: 'warn' } })
    const view = await settings.read()
    expect(view).toMatchObject({ file: path, text: '', digest: 'absent' })
    expect(view.rows.map(({ name }) => name)).toEqual(settingNames)
    expect(rowOf(view, 'capacity')).toMatchObject({
      kind: 'size',
      value: '48GiB',
      default: null,
      source: 'environment',
      locked: true,
    })
    expect(rowOf(view, 'logLevel')).toMatchObject({
      kind: 'choice',
      value: 'warn',
      default: 'info',
      locked: true,
      needsRestart: false,
    })
    expect(rowOf(view, 'readOnly')).toMatchObject({
      kind: 'switch',
      value: false,
      source: 'default',
      locked: false,
      pending: false,
    })
    expect(rowOf(view, 'grpc')).toMatchObject({ kind: 'address', value: '127.0.0.1:7070', needsRestart: true })
    expect(rowOf(view, 'data')).toMatchObject({ kind: 'path', value: folder, locked: true })
    expect(view.rows.every(({ help }) => help.length > 10)).toBe(true)
  })

  test('the file is shown with its full path, however the data directory was given', async () => {
    const { settings, path } = open({ flags: { data: relative(process.cwd(), folder) } })
    expect((await settings.read()).file).toBe(path)
  })

  test('what was written by hand and is wrong is shown as text, beside what is in force', async () => {
    const { settings, path } = open()
    writeFileSync(path, '{ "grpc": ')
    const view = await settings.read()
    expect([view.text, rowOf(view, 'grpc')?.value, rowOf(view, 'grpc')?.pending]).toEqual(['{ "grpc": ', '127.0.0.1:7070', false])
    expect(problemsOf(await put(settings, { capacity: '1GiB' }))).toMatchObject([
      { name: '', message: expect.stringContaining('is not JSON') },
    ])
    expect(view.problems).toEqual([{ name: '', message: expect.stringContaining(`${path} is not JSON`) }])
    writeFileSync(path, `"${'x'.repeat(70_000)}"`)
    await expect(settings.read()).rejects.toThrow('more than 65536 characters')
  })
})

describe('a file that was changed by hand', () => {
  test('tells why the next start would refuse it', async () => {
    const { settings, path } = open()
    expect((await settings.read()).problems).toEqual([])
    writeFileSync(path, '{ "capacity": "banana", "logLevel": "loud" }')
    const view = await settings.read()
    expect(view.problems.map(({ name }) => name)).toEqual(['capacity', 'logLevel'])
    expect(view.problems[0]?.message).toBe(`"capacity" in ${path}: "banana" is not a size, for example 50GiB or 1500MB`)
    writeFileSync(path, '{ "grpcc": 1 }')
    expect((await settings.read()).problems).toMatchObject([{ name: 'grpcc', message: expect.stringContaining('unknown key') }])
    writeFileSync(path, '{ "logLevel": "warn" }')
    expect((await settings.read()).problems).toEqual([])
  })

  test('tells what a start would refuse although each value is valid, and shows what is in force', async () => {
    const { settings, path, asked } = open()
    await settings.read()
    expect(asked, 'what is in force has started already').toEqual([])
    writeFileSync(path, '{ "keyFile": "/none", "capacity": "1GiB" }')
    const view = await settings.read()
    expect(view.problems).toEqual([{ name: 'keyFile', message: '/none is not there' }])
    expect(view.rows.filter(({ pending }) => pending)).toEqual([])
    expect(asked.map(({ next, before }) => [next.keyFile, before.keyFile])).toEqual([['/none', undefined]])
    expect(problemsOf(await put(settings, { logLevel: 'debug' }))).toEqual(view.problems)
    writeFileSync(path, '{ "grpc": "0.0.0.0:7070" }')
    expect((await settings.read()).problems).toEqual([{ name: 'grpc', message: 'unsafe' }])
    writeFileSync(path, '{ "capacity": "1GiB" }')
    expect(await settings.read()).toMatchObject({ problems: [] })
    expect(rowOf(await settings.read(), 'capacity')).toMatchObject({ value: '1GiB', pending: true })
  })

  test('is looked at by one reader after another, who would find addresses taken that the other tries', async () => {
    let trying = 0
    let most = 0
    const parts = {
      sha256: (bytes: Uint8Array) => crypto.sha256(bytes),
      assertStartable: async () => {
        trying += 1
        most = Math.max(most, trying)
        await new Promise(setImmediate)
        trying -= 1
      },
      applied: () => {},
      changed: () => {},
    }
    const settings = new SettingsFile(loadNodeConfig({ environment: {}, flags: { data: folder } }), parts)
    writeFileSync(join(folder, 'memo.json'), '{ "grpc": "127.0.0.1:9000" }')
    await Promise.all([settings.read(), settings.read(), put(settings, { logLevel: 'debug' })])
    expect([trying, most]).toEqual([0, 1])
  })

  test('shows what is in force beside what it says, until the next change, which tells what it put in force', async () => {
    const { settings, path, told } = open()
    writeFileSync(path, '{ "readOnly": true, "grpcTls": true }')
    const view = await settings.read()
    expect(rowOf(view, 'readOnly')).toMatchObject({ value: true, inForce: false, pending: true, needsRestart: false })
    expect(rowOf(view, 'grpcTls')).toMatchObject({ value: true, inForce: false, pending: true, needsRestart: true })
    expect(settings.isReadOnly()).toBe(false)
    const outcome = await put(settings, { logLevel: 'debug' })
    expect(outcome).toMatchObject({ kind: 'saved', restartNeeded: ['grpcTls'], alsoApplied: ['readOnly'] })
    expect(told).toEqual([{ readOnly: true, logLevel: 'debug' }, 'changed'])
    expect(await put(settings, { logLevel: 'info' })).toMatchObject({ kind: 'saved', alsoApplied: [] })
  })

  test('takes effect by a change to what it says already', async () => {
    const { settings, path } = open()
    writeFileSync(path, '{ "readOnly": true }')
    expect(await put(settings, { readOnly: true })).toMatchObject({ kind: 'saved', alsoApplied: [] })
    expect(settings.isReadOnly()).toBe(true)
    expect(rowOf(await settings.read(), 'readOnly')).toMatchObject({ inForce: true, pending: false })
  })

  test('a text that is saved tells what it put in force at once', async () => {
    const { settings } = open()
    const text = '{ "readOnly": true, "capacity": "1GiB" }'
    const outcome = await settings.put({ kind: 'text', text, expect: 'absent' })
    expect(outcome).toMatchObject({ kind: 'saved', restartNeeded: ['capacity'], alsoApplied: ['readOnly'] })
  })
})

describe('changing', () => {
  test('values are written whole, kept by the next start, and pending until then', async () => {
    const { settings, path, told } = open()
    const outcome = await put(settings, { capacity: '50GiB', grpcTls: true })
    expect(outcome).toMatchObject({ kind: 'saved', restartNeeded: ['grpcTls', 'capacity'] })
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({ capacity: '50GiB', grpcTls: true })
    expect(statSync(path).mode & 0o777).toBe(0o600)
    const view = await settings.read()
    expect(rowOf(view, 'capacity')).toMatchObject({ value: '50GiB', source: 'file', pending: true, locked: false })
    expect(told).toEqual(['changed'])
    expect(rowOf(await open().settings.read(), 'capacity')).toMatchObject({ value: '50GiB', pending: false })
    await put(settings, { capacity: null })
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({ grpcTls: true })
    expect(readdirSync(folder)).toEqual(['memo.json'])
  })

  test('read-only and the level of the log take effect at once', async () => {
    const { settings, told } = open()
    expect(settings.isReadOnly()).toBe(false)
    expect(await put(settings, { readOnly: true, logLevel: 'debug' })).toMatchObject({ kind: 'saved', restartNeeded: [] })
    expect(settings.isReadOnly()).toBe(true)
    await put(settings, { readOnly: false })
    expect(settings.isReadOnly()).toBe(false)
    expect(told).toEqual([{ readOnly: true, logLevel: 'debug' }, 'changed', { readOnly: false, logLevel: 'debug' }, 'changed'])
  })

  test('every problem is named, and nothing is written', async () => {
    const { settings, path, told } = open({ environment: { MEMO_INSECURE: 'true' } })
    expect(problemsOf(await put(settings, { capacity: 'banana' }))).toEqual([
      { name: 'capacity', message: '"banana" is not a size, for example 50GiB or 1500MB' },
    ])
    const outcome = await put(settings, { capacity: 'much', grpc: 'here', logLevel: 'loud' })
    expect(problemsOf(outcome).map((each) => (typeof each === 'string' ? each : each.name))).toEqual([
      'grpc',
      'capacity',
      'logLevel',
    ])
    expect(problemsOf(await put(settings, { colour: 'red', insecure: false, data: '/else' }))).toMatchObject([
      { name: 'colour', message: 'there is no setting "colour"' },
      { name: 'insecure', message: 'MEMO_INSECURE decides, the file is not asked' },
      { name: 'data', message: '--data decides, the file is not asked' },
    ])
    expect(problemsOf(await put(settings, { grpcCert: '/a.pem', grpcTls: true }))).toMatchObject([{ name: 'grpcCert' }])
    expect(problemsOf(await settings.put({ kind: 'text', text: '{"grpcc":1}', expect: 'absent' }))).toMatchObject([
      { name: 'grpcc' },
    ])
    expect(existsSync(path)).toBe(false)
    expect(told).toEqual([])
  })

  test('the file of a data directory cannot say where that is', async () => {
    const origin = { flags: {}, environment: { XDG_DATA_HOME: folder }, platform: 'linux' } as const
    const parts = {
      sha256: (bytes: Uint8Array) => crypto.sha256(bytes),
      assertStartable: () => Promise.resolve(),
      applied: () => {},
      changed: () => {},
    }
    const settings = new SettingsFile(loadNodeConfig(origin), parts)
    expect(rowOf(await settings.read(), 'data')).toMatchObject({ value: join(folder, 'memo'), source: 'default', locked: true })
    const message = expect.stringContaining('cannot say where that is')
    expect(problemsOf(await put(settings, { data: '/else' }))).toMatchObject([{ name: 'data', message }])
  })

  test('what a start would refuse is refused here', async () => {
    const { settings } = open()
    expect(problemsOf(await put(settings, { grpc: '0.0.0.0:7070' }))).toEqual([{ name: 'grpc', message: 'unsafe' }])
    expect(await put(settings, { grpc: '0.0.0.0:7070', insecure: true })).toMatchObject({ kind: 'saved' })
  })

  test('what holds only with a flag or variable of this run is refused with that reason', async () => {
    for (const input of [{ flags: { grpcAuth: 'token' } }, { environment: { MEMO_GRPC_AUTH: 'token' } }]) {
      const { settings, path } = open(input)
      const problems = problemsOf(await put(settings, { grpcTokenFile: '/a/token', logLevel: 'debug' }))
      expect(problems).toEqual([{ name: 'grpcTokenFile', message: expect.stringContaining('only with --grpc-auth token') }])
      expect(problems).toEqual([{ name: 'grpcTokenFile', message: expect.stringContaining('without the flags and variables') }])
      expect(existsSync(path)).toBe(false)
    }
  })

  test('a file that was written for a start with a flag can still be changed', async () => {
    const { settings, path } = open({ flags: { grpcAuth: 'token' } })
    writeFileSync(path, '{"grpcTokenFile":"/a/token"}')
    expect(await put(settings, { readOnly: true })).toMatchObject({ kind: 'saved' })
  })

  test('a text is taken as it is', async () => {
    const { settings, path } = open()
    const text = '{\n\t"logLevel":   "error"\n}'
    expect(await settings.put({ kind: 'text', text, expect: 'absent' })).toMatchObject({ kind: 'saved', settings: { text } })
    expect(readFileSync(path, 'utf8')).toBe(text)
  })

  test('who did not see the last change is told, and overwrites nothing', async () => {
    const { settings, path } = open()
    const { digest } = await settings.read()
    writeFileSync(path, '{"logLevel":"warn"}')
    const late = await settings.put({ kind: 'values', values: { logLevel: 'debug' }, expect: digest })
    expect(late).toMatchObject({ kind: 'changed', settings: { text: '{"logLevel":"warn"}' } })
    expect(rowOf(await settings.read(), 'logLevel')).toMatchObject({ value: 'warn', pending: true })
    const current = (await settings.read()).digest
    const both = await Promise.all(
      ['1GiB', '2GiB'].map((capacity) => settings.put({ kind: 'values', values: { capacity }, expect: current })),
    )
    expect(both.map(({ kind }) => kind)).toEqual(['saved', 'changed'])
  })

  test('rights and a link to the file stay as they are', async () => {
    const elsewhere = join(folder, 'real.json')
    writeFileSync(elsewhere, '{}')
    chmodSync(elsewhere, 0o640)
    const { settings, path } = open()
    symlinkSync(elsewhere, path)
    await put(settings, { logLevel: 'warn' })
    expect(JSON.parse(readFileSync(elsewhere, 'utf8'))).toEqual({ logLevel: 'warn' })
    expect(statSync(elsewhere).mode & 0o777).toBe(0o640)
  })

  test('a folder that cannot be written says so and leaves nothing behind', async () => {
    const named = join(folder, 'other', 'memo.json')
    const { settings } = open()
    const broken = new SettingsFile(
      {
        ...loadNodeConfig({ flags: { data: folder }, environment: {} }),
        origin: { input: { flags: {}, environment: {} }, file: named, named: false },
      },
      { sha256: (bytes) => crypto.sha256(bytes), assertStartable: () => Promise.resolve(), applied: () => {}, changed: () => {} },
    )
    await expect(put(broken, { logLevel: 'warn' })).rejects.toMatchObject({ code: 'store-unwritable' })
    expect(await put(settings, { logLevel: 'warn' })).toMatchObject({ kind: 'saved' })
  })
})

test('the procedures answer by the contract', async () => {
  const { settings } = open()
  const handlers = settingsHandlers({ settings })
  const options = { context: controlContext(new ManualClock()) }
  const { digest, rows } = await call(handlers.get, undefined, options)
  expect(rows).toHaveLength(settingNames.length)
  const change = { kind: 'values', values: { readOnly: true }, expect: digest } as const
  expect(await call(handlers.put, change, options)).toMatchObject({ kind: 'saved' })
  expect(await call(handlers.put, change, options)).toMatchObject({ kind: 'changed' })
})

test('a size is written as a person would', () => {
  for (const [bytes, text] of [
    [50 * 1024 ** 3, '50GiB'],
    [1_500_000_000, '1500MB'],
    [1_234_567, '1234567'],
    [1024 ** 2, '1MiB'],
  ] as const) {
    expect(byteSizeText(bytes)).toBe(text)
    expect(parseByteSize(text)).toBe(bytes)
  }
})
