import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
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
