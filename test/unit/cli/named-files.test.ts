import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { makeCertificate } from '../../../src/node/adapters/tls-certificate/make-certificate.ts'
import { readPlainFile } from '../../../src/node/api/grpc/secret-file.ts'
import type { ConnectionFlags } from '../../../src/node/cli/client/connection-options.ts'
import { connectionOptions } from '../../../src/node/cli/client/connection-options.ts'
import { checkNamedFiles, namedFileFaults } from '../../../src/node/cli/run/named-files.ts'
import { loadNodeConfig } from '../../../src/node/config/load-node-config.ts'
import type { NodeConfig } from '../../../src/node/config/node-config-schema.ts'

const folder = mkdtempSync(join(tmpdir(), 'memo-named-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const pipe = join(folder, 'pipe')
execFileSync('mkfifo', [pipe])

function file(name: string, content: string | Buffer): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

function options(flags: Partial<ConnectionFlags>) {
  return () => connectionOptions({ grpc: '127.0.0.1:1', timeout: '1', ...flags })
}

describe('a file that a flag names', () => {
  const large = file('large', Buffer.alloc(1024 * 1024 + 1, 'a'))
  const faults = [
    [pipe, 'it is a pipe or a device, not a regular file'],
    ['/dev/zero', 'it is a pipe or a device, not a regular file'],
    [folder, 'it is a folder, not a regular file'],
    [large, 'it is larger than 1048576 bytes'],
  ] as const

  test.each(faults)('of a client, %s, is refused at once', (path, reason) => {
    expect(options({ tokenFile: path })).toThrow(`--token-file ${path} cannot be read: ${reason}`)
    expect(options({ tlsCa: path })).toThrow(`--tls-ca ${path} cannot be read: ${reason}`)
  })

  test.each(faults)('of a node, %s, is refused at once', async (path, reason) => {
    await expect(readPlainFile(path)).rejects.toThrow(`cannot read ${path}: ${reason}`)
  })
})

describe('the files of a configuration', () => {
  const settings = { data: join(folder, 'data'), grpcAuth: 'token' } as const
  const config = (files: Partial<NodeConfig>) =>
    loadNodeConfig({ environment: {}, flags: { ...settings, ...(files as Record<string, string>) } }).config
  const missing = join(folder, 'none', 'file')

  test('in folders that are not there are told with their settings', async () => {
    const faults = await namedFileFaults(config({ readyFile: missing, grpcTokenFile: missing }))
    expect(faults.map(({ code, details }) => [code, details.key])).toEqual([
      ['config-invalid', 'readyFile'],
      ['config-invalid', 'grpcTokenFile'],
    ])
    await expect(checkNamedFiles(config({ grpcTokenFile: missing }))).rejects.toThrow(
      `--grpc-token-file ${missing} cannot be made: `,
    )
  })

  test('that a start makes may be absent, in a data directory that it makes too', async () => {
    expect(
      await namedFileFaults(config({ grpcTokenFile: join(settings.data, 'token'), readyFile: join(folder, 'ready') })),
    ).toEqual([])
    expect(await namedFileFaults(config({ grpcTokenFile: join(folder, 'token') }))).toEqual([])
  })
})

describe('what a start makes, replaces or removes', () => {
  const place = (...names: string[]) => join(folder, 'made', ...names)
  const data = place('d1')
  const ready = JSON.stringify({
    ...{ nodeId: 'ab'.repeat(32), pid: 1, grpc: '127.0.0.1:1', consoleUrl: 'http://127.0.0.1:1', listen: null, version: '0.1.0' },
  })
  for (const store of ['d1', 'd2']) {
    mkdirSync(place(store, 'keys'), { recursive: true })
    mkdirSync(place(store, 'journal'))
    for (const name of ['FORMAT', 'store', 'keys/node.key', 'memo.json']) writeFileSync(place(store, name), '{}')
    for (const name of ['running.json', 'console.json']) writeFileSync(place(store, name), ready, { mode: 0o600 })
  }
  writeFileSync(place('h.ndjson'), '{"key":"a"}\n')
  writeFileSync(place('ready.json'), ready, { mode: 0o600 })
  symlinkSync(place('d1', 'keys'), place('way'))
  symlinkSync(place('ready.json'), place('link.json'))
  writeFileSync(place('d1', 'own-secret'), '0123456789abcdef', { mode: 0o600 })

  const faultsOf = async (files: Partial<NodeConfig>) => {
    const flags = { data, grpcAuth: 'token', ...(files as Record<string, string>) }
    const { config: tried } = loadNodeConfig({ environment: {}, flags })
    return (await namedFileFaults(tried)).map(({ code, message, details }) => [code, details.key, message])
  }

  test.each([
    ['readyFile', ['d1', 'keys', 'node.key'], 'is there, and is no ready file of memo'],
    ['readyFile', ['d1', 'memo.json'], 'which holds the settings'],
    ['readyFile', ['d2', 'memo.json'], 'is there, and is no ready file of memo'],
    ['readyFile', ['h.ndjson'], 'is there, and is no ready file of memo'],
    ['readyFile', ['link.json'], 'is a link'],
    ['readyFile', ['way'], 'is a link'],
    ['readyFile', ['d1'], 'is a directory'],
    ['readyFile', ['d1', 'running.json'], 'a place that a node may use'],
    ['readyFile', ['d1', 'index.new'], 'a place that a node may use'],
    ['readyFile', ['d1', 'other', 'ready.json'], 'a place that a node may use'],
    ['readyFile', ['way', 'service-user.key'], 'a place that a node may use'],
    ['readyFile', ['d2', 'ready.json'], 'a place that a node may use'],
    ['readyFile', ['d2', 'journal', '00000000000000ff.seg'], 'a place that a node may use'],
    ['readyFile', ['none', 'ready.json'], 'cannot be written'],
    ['grpcTokenFile', ['d1', 'journal', '00000000000000ff.seg'], 'is a place of the store'],
    ['grpcTokenFile', ['d1', 'index.new'], 'is a place of the store'],
    ['grpcTokenFile', ['d1', 'console.json'], 'is a place of the store'],
    ['grpcTokenFile', ['way', 'service-user.key'], 'is a place of the store'],
    ['grpcTokenFile', ['d2', 'token'], 'would be made in the data directory'],
    ['grpcTokenFile', ['d1'], 'is the data directory'],
    ['keyFile', ['d1', 'pid'], 'writes itself'],
    ['keyFile', ['d1', 'memo.json'], 'which holds the settings'],
    ['keyFile', ['d2', 'memo.json'], 'writes itself'],
  ] as const)('%s at %j is refused', async (name, names, text) => {
    const faults = faultsOf({ [name]: place(...names) }).catch((error: { readonly code: string; readonly message: string }) => [
      [error.code, name, error.message],
    ])
    expect(await faults).toEqual([['config-invalid', name, expect.stringContaining(text)]])
  })

  test('the ready file may lie beside the files of its own store, under a name that the node does not use', async () => {
    expect(await faultsOf({ readyFile: place('d1', 'ready.json') })).toEqual([])
    expect(await faultsOf({ data: place('new', 'd'), readyFile: place('new', 'd', 'ready.json') }), 'a first start').toEqual([])
  })

  test('a new data directory may not be where the ready file or the token is to be', async () => {
    const inNew = (files: Partial<NodeConfig>) => faultsOf({ data: place('new', 'd'), ...files })
    for (const path of [place('new'), place('new', 'd')]) {
      expect((await inNew({ readyFile: path }))[0]?.[2]).toContain('is the data directory, or a folder above it')
      expect((await inNew({ grpcTokenFile: path }))[0]?.[2]).toContain('is the data directory, or a folder above it')
    }
  })

  test('one file is not for two uses', async () => {
    expect(await faultsOf({ readyFile: place('one'), grpcTokenFile: place('one') })).toEqual([
      ['config-invalid', 'readyFile', expect.stringContaining('is also --grpc-token-file')],
    ])
    expect(await faultsOf({ readyFile: place('ready.json'), keyFile: place('link.json') })).toEqual([
      ['config-invalid', 'readyFile', expect.stringContaining('is also --key-file')],
    ])
  })

  test.each(['running.json', 'console.json', 'pid', 'reserve', 'index'])(
    'a folder with a %s that no node made is no data directory',
    async (name) => {
      mkdirSync(place('project'), { recursive: true })
      writeFileSync(place('project', name), 'mine')
      expect(await faultsOf({ data: place('project') })).toEqual([
        ['config-invalid', 'data', expect.stringContaining(`holds "${name}", which no memo node made`)],
      ])
      rmSync(place('project', name))
      expect(await faultsOf({ data: place('project') })).toEqual([])
    },
  )

  test('no data directory is inside of a store', async () => {
    expect(await faultsOf({ data: place('d2', 'journal') })).toEqual([
      ['config-invalid', 'data', expect.stringContaining(`is a part of the data directory ${place('d2')}`)],
    ])
  })

  test('what is safe is taken', async () => {
    expect(await faultsOf({ readyFile: place('ready.json') })).toEqual([])
    expect(await faultsOf({ readyFile: place('absent.json'), grpcTokenFile: place('d1', 'grpc-token') })).toEqual([])
    expect(await faultsOf({ grpcTokenFile: place('d1', 'own-secret'), keyFile: place('d1', 'own-secret') })).toEqual([])
  })
})

describe('the TLS files of a client', () => {
  const [one, other] = [makeCertificate(['localhost']), makeCertificate(['localhost'])]
  const cert = file('cert.pem', one.certificatePem)
  const key = file('key.pem', one.keyPem)
  const otherKey = file('other-key.pem', other.keyPem)

  test('that fit together are taken', () => {
    expect(options({ tlsCa: cert, tlsCert: cert, tlsKey: key })).not.toThrow()
  })

  test('that are of two pairs are named with their flags', () => {
    expect(options({ tlsCert: cert, tlsKey: otherKey })).toThrow(
      new RegExp(`--tls-cert ${cert} and --tls-key ${otherKey} do not fit together: .*key values mismatch`),
    )
  })

  test('that are swapped, or are none, are named with their flags', () => {
    expect(options({ tlsCert: key, tlsKey: cert })).toThrow(`--tls-cert ${key} holds no usable certificate in PEM`)
    expect(options({ tlsCert: cert, tlsKey: cert })).toThrow(`--tls-key ${cert} holds no usable private key in PEM`)
    expect(options({ tlsCa: key })).toThrow(`--tls-ca ${key} holds no usable certificate in PEM`)
  })
})
