import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { defaultDataDirectory } from '../../../src/node/config/default-data-directory.ts'
import type { ConfigInput } from '../../../src/node/config/load-node-config.ts'
import { loadNodeConfig, locateDataDirectory } from '../../../src/node/config/load-node-config.ts'
import { settingFacts, settingNames, settingVariable } from '../../../src/node/config/node-config-schema.ts'
import { namedFileBytesMax } from '../../../src/node/config/read-named-file.ts'
import { repeatedMember } from '../../../src/node/config/repeated-member.ts'
import { CodedError } from '../../../src/shared/coded-error.ts'
import { settingFlag, settingOfFlag } from '../../../src/shared/setting-flag.ts'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'memo-config-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function load(input: Partial<ConfigInput> = {}) {
  return loadNodeConfig({
    flags: { data: folder, ...input.flags },
    environment: input.environment ?? {},
    configFile: input.configFile,
  })
}

function file(name: string, content: unknown): string {
  const path = join(folder, name)
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

function refusal(input: Partial<ConfigInput>): string {
  try {
    load(input)
  } catch (error) {
    if (!(error instanceof CodedError) || error.code !== 'config-invalid') throw error
    return error.message
  }
  throw new Error('the configuration was accepted')
}

describe('sources', () => {
  test('nothing said: defaults on loopback, frozen', () => {
    const { config, sources } = load()
    expect(config).toMatchObject({
      grpc: { host: '127.0.0.1', port: 7070 },
      console: { host: '127.0.0.1', port: 7071 },
      grpcAuth: 'none',
      insecure: false,
      logLevel: 'info',
    })
    expect(sources.grpc).toEqual({ kind: 'default' })
    expect(Object.isFrozen(config) && Object.isFrozen(config.grpc)).toBe(true)
  })

  test('a flag wins over the environment, the environment over the file', () => {
    const configFile = file('all.json', { grpc: '127.0.0.1:1', console: '127.0.0.1:2', logLevel: 'warn', insecure: true })
    const environment = { MEMO_CONSOLE: '127.0.0.1:3', MEMO_LOG_LEVEL: 'error', MEMO_GRPC_TLS: 'yes' }
    const { config, sources } = load({ flags: { logLevel: 'debug' }, environment, configFile })
    expect(config).toMatchObject({ grpc: { port: 1 }, console: { port: 3 }, logLevel: 'debug', insecure: true, grpcTls: true })
    expect(sources).toMatchObject({
      grpc: { kind: 'file', path: configFile },
      console: { kind: 'environment', variable: 'MEMO_CONSOLE' },
      logLevel: { kind: 'flag', flag: '--log-level' },
      capacity: { kind: 'default' },
    })
  })

  test('memo.json of the data directory is read unless another file is named', () => {
    const path = file('memo.json', { logLevel: 'error' })
    expect(load().config.logLevel).toBe('error')
    expect(load({ configFile: file('other.json', {}) }).config.logLevel).toBe('info')
    expect(load({ environment: { MEMO_CONFIG: file('third.json', { logLevel: 'warn' }) } }).config.logLevel).toBe('warn')
    rmSync(path)
  })

  test('every setting has a flag, a variable and a sentence', () => {
    for (const name of settingNames) expect(settingFacts(name).help.length).toBeGreaterThan(10)
    expect([settingFlag('grpcClientCa'), settingVariable('grpcClientCa')]).toEqual(['--grpc-client-ca', 'MEMO_GRPC_CLIENT_CA'])
    for (const name of settingNames) expect(settingOfFlag(settingFlag(name))).toBe(name)
  })

  test('a list is a flag for each entry, and has commas or is a list elsewhere', () => {
    const flags = { listen: '0.0.0.0:7072', labels: ['ssd', 'large', 'ssd'], advertise: '192.0.2.7:1,[::1]:2' }
    const { config } = load({ flags, environment: { MEMO_PEERS: 'a:1, b:2,' } })
    expect(config).toMatchObject({ labels: ['ssd', 'large'], advertise: ['192.0.2.7:1', '[::1]:2'], peers: ['a:1', 'b:2'] })
    expect(load({ configFile: file('lists.json', { labels: ['x'], peers: 'c:3' }) }).config).toMatchObject({
      labels: ['x'],
      peers: ['c:3'],
      advertise: [],
    })
    expect(Object.isFrozen(config.labels)).toBe(true)
  })
})

describe('what is refused', () => {
  test.each([
    [{ configFile: 'none.json' }, 'cannot be read'],
    [{ flags: { grpc: '7070' } }, '--grpc: "7070" is not HOST:PORT'],
    [{ flags: { grpc: '127.0.0.1:65536' } }, 'is not HOST:PORT'],
    [{ flags: { console: '::1:7071' } }, 'is not HOST:PORT'],
    [{ flags: { capacity: '10 GiBi' } }, 'is not a size'],
    [{ flags: { capacity: '0' } }, 'is not a size'],
    [{ flags: { capacity: '1KiB' } }, '"1KiB" is too little: the least is 1 MiB'],
    [{ environment: { MEMO_LOG_LEVEL: 'loud' } }, 'MEMO_LOG_LEVEL'],
    [{ environment: { MEMO_INSECURE: 'perhaps' } }, 'must be true or false'],
    [{ environment: { MEMO_GRPC_AUHT: 'token' } }, 'did you mean MEMO_GRPC_AUTH?'],
    [{ flags: { grpcCert: 'a.pem', grpcTls: true } }, 'belong together'],
    [{ flags: { grpcClientCa: 'a.pem' } }, 'only with --grpc-tls'],
    [{ flags: { grpcTokenFile: 'token' } }, 'only with --grpc-auth token'],
    [{ flags: { grpc: '127.0.0.1:7', console: '127.0.0.1:7' } }, 'the same address'],
    [{ flags: { grpc: 'localhost:7', console: '127.0.0.1:7' } }, 'the same address'],
    [{ flags: { grpc: '[::ffff:127.0.0.1]:7', console: '127.0.0.1:7', insecure: true } }, 'the same address'],
    [{ flags: { grpc: '[::ffff:7f00:1]:7', console: '127.0.0.1:7', insecure: true } }, 'the same address'],
    [{ flags: { grpc: 'Node1.lan:7', console: 'node1.LAN:7' } }, 'the same address'],
    [{ flags: { grpc: '0.0.0.0:7', console: '127.0.0.1:7', insecure: true } }, 'the same address'],
    [{ flags: { grpc: '127.0.0.1:7', console: '[::]:7', insecure: true } }, 'the same address'],
    [{ flags: { grpc: '[::]:7', console: '0.0.0.0:7', insecure: true } }, 'the same address'],
    [{ flags: { grpc: '127.0.0.1:7', listen: '0.0.0.0:7' } }, '--grpc and --listen name the same address'],
    [{ flags: { console: '127.0.0.1:7', listen: '127.0.0.1:7' } }, '--console and --listen name the same address'],
    [{ flags: { advertise: '192.0.2.7:7072' } }, '--advertise has a meaning only with --listen'],
    [{ flags: { listen: '127.0.0.1:7', advertise: '192.0.2.7:0' } }, '"192.0.2.7:0" is not HOST:PORT of another computer'],
    [{ flags: { peers: ['a:1', 'b'] } }, '--peer: "b" is not HOST:PORT'],
    [{ flags: { labels: ['a,b'] } }, '--label: must be a text without commas'],
    [{ flags: { zone: 'z\u202E' } }, '--zone: must be a text without commas and control characters'],
    [{ flags: { zone: 'z'.repeat(256) } }, '--zone: is longer than 255 bytes'],
    [{ environment: { MEMO_PEERS: 'a:1,b:2,c:3,d:4,e:5' } }, 'has more than 4 entries'],
  ] satisfies (readonly [Partial<ConfigInput>, string])[])('%j', (input, expected) => {
    expect(refusal(input)).toContain(expected)
  })

  test.each([
    ['127.0.0.1:7', '[::1]:7'],
    ['0.0.0.0:7', '[::1]:7'],
    ['localhost:7', '127.0.0.2:7'],
    ['node1.lan:7', '127.0.0.1:7'],
    ['127.0.0.1:0', '127.0.0.1:0'],
  ])('%s and %s may both be had', (grpc, console) => {
    expect(load({ flags: { grpc, console, insecure: true } }).config.insecure).toBe(true)
  })

  test('a rule between settings names the file that a value comes from', () => {
    const path = file('rule.json', { grpcTokenFile: 'token', grpcCert: 'a.pem', grpcTls: true })
    expect(refusal({ configFile: path })).toContain(`"grpcCert" in ${path} and --grpc-key belong together`)
    const other = file('other.json', { grpcTokenFile: 'token' })
    expect(refusal({ configFile: other })).toContain(`"grpcTokenFile" in ${other} has a meaning only with --grpc-auth token`)
  })

  test('the data directory is found whatever is wrong with other settings', () => {
    const path = file('broken.json', { data: '/srv/memo', grpcTokenFile: 'token', grpcc: 1 })
    expect(locateDataDirectory({ flags: {}, configFile: path, environment: {} })).toBe('/srv/memo')
    expect(locateDataDirectory({ flags: { data: '/x' }, configFile: path, environment: {} })).toBe('/x')
    expect(locateDataDirectory({ flags: {}, environment: { MEMO_DATA: '/y', MEMO_GRPC_AUHT: 'token' } })).toBe('/y')
    expect(() => locateDataDirectory({ flags: { data: '' }, environment: {} })).toThrow('must not be empty')
  })

  test('unknown keys name the nearest known one', () => {
    expect(refusal({ configFile: file('a.json', { logLevle: 'info' }) })).toMatch(
      /unknown key "logLevle" in .*, did you mean "logLevel"\?/,
    )
    expect(refusal({ configFile: file('b.json', { somethingElse: 1 }) })).toContain('known are: data, grpc')
  })

  test('files that are no configuration', () => {
    expect(refusal({ configFile: file('c.json', '{') })).toContain('is not JSON')
    expect(refusal({ configFile: file('d.json', '[]') })).toContain('one JSON object')
    expect(refusal({ configFile: file('e.json', { grpcTls: 'yes' }) })).toContain('"grpcTls" in')
    file('memo.json', { data: '/elsewhere' })
    expect(refusal({})).toContain('cannot say where that is')
    rmSync(join(folder, 'memo.json'))
  })

  test('a variable that is far from every setting only warns', () => {
    expect(load({ environment: { MEMO_SERVICE_HOST: '10.0.0.1', PATH: '/bin' } }).warnings).toEqual([
      'environment variable MEMO_SERVICE_HOST is not one that memo knows and has no effect',
    ])
  })
})

test('the default data directory follows the operating system', () => {
  const at = (platform: NodeJS.Platform, environment = {}) => defaultDataDirectory({ platform, environment, home: '/home/u' })
  expect(at('linux')).toBe('/home/u/.local/share/memo')
  expect(at('linux', { XDG_DATA_HOME: '/data' })).toBe('/data/memo')
  expect(at('linux', { XDG_DATA_HOME: 'relative' })).toBe('/home/u/.local/share/memo')
  expect(at('darwin')).toBe('/home/u/Library/Application Support/memo')
  expect(at('win32', { LOCALAPPDATA: 'C:\\Local' })).toContain('C:\\Local')
})

test('a fault of the file that a flag hides is told, though it has no effect at present', () => {
  const configFile = file('hidden.json', { grpc: 7 })
  const { config, warnings } = loadNodeConfig({ flags: { data: folder, grpc: '127.0.0.1:7171' }, environment: {}, configFile })
  expect(config.grpc.port).toBe(7171)
  expect(warnings).toEqual([expect.stringMatching(/^"grpc" in .*hidden\.json has no effect at present, and is not valid: /)])
  const sound = file('sound.json', { grpc: '127.0.0.1:7070' })
  expect(
    loadNodeConfig({ flags: { data: folder, grpc: '127.0.0.1:7171' }, environment: {}, configFile: sound }).warnings,
  ).toEqual([])
})

describe('the file itself', () => {
  test('a pipe, a device and a folder are refused at once, and so is a file above the limit', () => {
    const pipe = join(folder, 'pipe')
    execFileSync('mkfifo', [pipe])
    expect(refusal({ configFile: pipe })).toContain(`${pipe} cannot be read: it is a pipe or a device, not a regular file`)
    expect(refusal({ configFile: '/dev/zero' })).toContain('it is a pipe or a device, not a regular file')
    expect(refusal({ configFile: folder })).toContain('it is a folder, not a regular file')
    const large = file('large.json', `{}${' '.repeat(namedFileBytesMax)}`)
    expect(refusal({ configFile: large })).toContain(`${large} cannot be read: it is larger than ${namedFileBytesMax} bytes`)
    expect(load({ configFile: file('whole.json', `{}${' '.repeat(namedFileBytesMax - 2)}`) }).config.insecure).toBe(false)
  })

  test('a byte-order mark before the JSON is no part of it', () => {
    const marked = file('marked.json', '\uFEFF{"logLevel":"debug"}')
    expect(load({ configFile: marked }).config.logLevel).toBe('debug')
  })

  test.each([
    ['{"logLevel":"debug","insecure":true,"logLevel":"info"}', 'logLevel'],
    ['{"logLevel":"debug", "log\\u004cevel" : "info"}', 'logLevel'],
    ['{"grpc":":}\\"{","grpc":"127.0.0.1:0"}', 'grpc'],
  ])('%s gives a key twice and is refused', (text, name) => {
    expect(refusal({ configFile: file('twice.json', text) })).toMatch(new RegExp(`"${name}" stands twice in .*twice.json`))
  })

  test('a name that is repeated elsewhere is no key that is given twice', () => {
    const members = ['{"a":"b","b":"a"}', '{"a":{"b":1},"b":2}', '[{"a":1},{"a":2}]', '{"a":":","b":":"}', '{}']
    expect(members.map(repeatedMember)).toEqual(members.map(() => undefined))
    expect(repeatedMember('{"__proto__":1,"a":[],"__proto__":2}')).toBe('__proto__')
  })
})
