import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runMemo, startMemo } from '../../support/memo-process.ts'
import { errorOf, parsed, testFolder } from './cli-bed.ts'

const folder = testFolder()

test('TLS with a self-made certificate and a token keep out who has neither', async () => {
  const data = folder.path('protected')
  const node = await startMemo(data, { arguments: ['--grpc-tls', '--grpc-auth', 'token'] })
  const at = ['--grpc', node.ready.grpc]
  const tls = [...at, '--tls-ca', join(data, 'grpc-cert.pem')]
  const token = ['--token-file', join(data, 'grpc-token')]
  const plain = await runMemo(['kv', 'put', 'a', 'b', ...at])
  expect([plain.code, plain.stderr]).toEqual([5, expect.stringContaining('does the node serve TLS?')])
  const unknown = await runMemo(['kv', 'put', 'a', 'b', ...at, '--tls', ...token])
  expect([unknown.code, unknown.stderr]).toEqual([5, expect.stringContaining('--tls-ca FILE')])
  const denied = await runMemo(['kv', 'put', 'a', 'b', ...tls, '--json'])
  expect([denied.code, errorOf(denied).code]).toEqual([6, 'unauthenticated'])
  const stored = await runMemo(['kv', 'put', 'a', 'b', ...tls, ...token, '--json'])
  expect(parsed(stored)).toMatchObject({ key: 'a', size: 1 })
  expect(stored.stderr).toBe('')
  for (const name of ['grpc-token', 'grpc-key.pem']) expect(statSync(join(data, name)).mode & 0o777).toBe(0o600)
  expect(await node.terminate()).toBe(0)
})

test('files that a flag names are looked at before anything is made', async () => {
  const data = folder.path('early')
  const ca = folder.path('no-certificate.pem')
  writeFileSync(ca, 'not a certificate')
  const made = folder.path('made')
  const maker = await startMemo(made, { arguments: ['--grpc-tls'] })
  await maker.terminate()
  const [cert, key] = [join(made, 'grpc-cert.pem'), join(made, 'grpc-key.pem')]
  for (const [flags, text] of [
    [['--grpc-tls', '--grpc-client-ca', ca], 'holds no certificate'],
    [['--grpc-tls', '--grpc-client-ca', folder.path('absent.pem')], 'cannot read'],
    [['--grpc-tls', '--grpc-cert', cert, '--grpc-key', folder.path('absent.pem')], '--grpc-key'],
    [['--grpc-tls', '--grpc-cert', cert, '--grpc-key', cert], 'can be read by others'],
    [['--console-tls', '--console-cert', key, '--console-key', key], 'unusable'],
    [['--ready-file', made], 'is a directory'],
    [['--grpc-auth', 'token', '--grpc-token-file', ca], 'can be read by others'],
  ] as const) {
    const { code, stderr } = await runMemo(['run', '--data', data, '--grpc', '127.0.0.1:0', '--console', '127.0.0.1:0', ...flags])
    expect([code, stderr], flags.join(' ')).toEqual([2, expect.stringContaining(text)])
    expect(stderr).toContain('config-invalid')
    expect(existsSync(join(data, 'journal'))).toBe(false)
  }
})

test('no setting lets a start or a stop overwrite or remove a file of the store or of a person', async () => {
  const data = folder.path('guarded')
  const maker = await startMemo(data, { arguments: ['--grpc-tls', '--grpc-auth', 'token', '--console-tls'] })
  await maker.terminate()
  const mine = folder.path('mine.ndjson')
  const secret = folder.path('mine.token')
  writeFileSync(mine, '{"key":"a","value":"aGk="}\n')
  writeFileSync(secret, 'a-token-that-is-long-enough\n', { mode: 0o600 })
  const names = ['keys/node.key', 'keys/service-user.key', 'FORMAT', 'grpc-token', 'grpc-key.pem', 'grpc-cert.pem']
  const precious = [mine, secret, ...names.map((name) => join(data, name))]
  const before = precious.map((path) => readFileSync(path))
  const run = (...flags: string[]) =>
    runMemo(['run', '--data', data, '--grpc', '127.0.0.1:0', '--console', '127.0.0.1:0', ...flags])
  for (const path of [...precious, join(data, 'journal', '00000000000000ff.seg')]) {
    const refused = await run('--ready-file', path)
    expect([refused.code, errorOf(refused).code], path).toEqual([2, 'config-invalid'])
    expect(errorOf(refused).message).toContain(`--ready-file ${path} `)
  }
  const inJournal = await run('--grpc-auth', 'token', '--grpc-token-file', join(data, 'journal', '00000000000000ff.seg'))
  expect([inJournal.code, errorOf(inJournal).code]).toEqual([2, 'config-invalid'])
  const [cert, key] = [join(data, 'grpc-cert.pem'), join(data, 'grpc-key.pem')]
  const tls = [
    '--grpc-tls',
    '--grpc-cert',
    cert,
    '--grpc-key',
    key,
    '--console-tls',
    '--console-cert',
    cert,
    '--console-key',
    key,
  ]
  const node = await startMemo(data, { arguments: [...tls, '--grpc-auth', 'token', '--grpc-token-file', secret] })
  expect(await node.terminate(), node.log()).toBe(0)
  expect(precious.map((path) => readFileSync(path))).toEqual(before)
}, 60_000)

test('a first start takes no folder in which its names are in use', async () => {
  const data = folder.path('project')
  mkdirSync(data)
  for (const name of ['running.json', 'console.json', 'pid']) writeFileSync(join(data, name), 'mine')
  const result = await runMemo(['run', '--data', data, '--grpc', '127.0.0.1:0', '--console', '127.0.0.1:0'])
  expect([result.code, errorOf(result).code]).toEqual([2, 'config-invalid'])
  expect(errorOf(result).message).toContain('which no memo node made')
  for (const name of ['running.json', 'console.json', 'pid']) expect(readFileSync(join(data, name), 'utf8')).toBe('mine')
  expect(existsSync(join(data, 'FORMAT'))).toBe(false)
})

test('a damaged value is named by an export, and the rest is written', async () => {
  const data = folder.path('damaged')
  const first = await startMemo(data)
  const marker = randomBytes(40_000) // which no compression makes smaller
  await runMemo(['kv', 'put', 'x/large', '-', '--grpc', first.ready.grpc], { input: marker })
  for (const name of ['a', 'b', 'z']) await runMemo(['kv', 'put', `x/${name}`, name, '--grpc', first.ready.grpc])
  await first.terminate()
  await flipPayload(join(data, 'journal'))
  const node = await startMemo(data)
  const result = await runMemo(['export', folder.path('rescued'), '--prefix', 'x/', '--grpc', node.ready.grpc, '--json'])
  expect(result.code).toBe(7)
  expect(JSON.parse(result.stdout.toString())).toMatchObject({
    copied: 3,
    failed: 1,
    failures: [{ reason: 'damaged', count: 1, examples: ['large'] }],
  })
  const read = await runMemo(['kv', 'get', 'x/large', '--grpc', node.ready.grpc, '--json'])
  expect([read.code, errorOf(read).code]).toEqual([7, 'data-corrupt'])
  expect(await (await fetch(new URL('/metrics', node.ready.consoleUrl))).text()).toMatch(/memo_damage_found_total [1-9]/)
  await node.terminate()
})

/** Flips a bit in the middle of the one large payload: the longest run of bytes without many zeros in the journal. */
async function flipPayload(journal: string): Promise<void> {
  const { open, readdir } = await import('node:fs/promises')
  for (const name of await readdir(journal)) {
    await using file = await open(join(journal, name), 'r+')
    const bytes = Buffer.alloc(1024 * 1024)
    const { bytesRead } = await file.read(bytes, 0, bytes.length, 0)
    const zeros = Buffer.alloc(64)
    let start = -1
    for (let offset = 0; offset + 64 <= bytesRead; offset += 64) {
      const empty = bytes.subarray(offset, offset + 64).equals(zeros)
      if (empty) start = -1
      else if (start < 0) start = offset
      else if (offset - start > 30_000) {
        const at = offset - 10_000
        bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at)
        await file.write(bytes, at, 1, at)
        return
      }
    }
  }
  throw new Error('no large payload was found in the journal')
}
