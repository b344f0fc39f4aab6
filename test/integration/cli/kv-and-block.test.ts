import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { runMemo } from '../../support/memo-process.ts'
import { errorOf, parsed, testFolder, testNode } from './cli-bed.ts'

const folder = testFolder()
const node = testNode(folder)
const binary = Buffer.from(Array.from({ length: 5000 }, (_, index) => (index * 37) & 255))

describe('kv', () => {
  test('text, standard input and a file come back byte for byte', async () => {
    expect(parsed(await node.memo(['kv', 'put', 'text', 'grüße', '--json']))).toMatchObject({
      key: 'text',
      version: '1',
      size: 7,
    })
    expect((await node.memo(['kv', 'get', 'text'])).stdout.toString()).toBe('grüße')
    await node.memo(['kv', 'put', 'binary', '-'], binary)
    expect((await node.memo(['kv', 'get', 'binary'])).stdout).toEqual(binary)
    const large = Buffer.alloc(5 * 1024 * 1024 + 17, 'large ')
    writeFileSync(folder.path('large.bin'), large)
    expect(
      parsed(await node.memo(['kv', 'put', 'large', '--file', folder.path('large.bin'), '--content-type', 'x/y', '--json'])),
    ).toMatchObject({ size: large.length, contentType: 'x/y' })
    expect((await node.memo(['kv', 'get', 'large', '--output', folder.path('back.bin')])).code).toBe(0)
    expect(readFileSync(folder.path('back.bin')).equals(large)).toBe(true)
    await node.memo(['kv', 'put', 'empty', ''])
    expect((await node.memo(['kv', 'get', 'empty'])).stdout.length).toBe(0)
  })

  test('a file that cannot be written is an error, and files that are there are left alone', async () => {
    const large = Buffer.alloc(70 * 1024 * 1024, 'large ')
    await node.memo(['kv', 'put', 'larger', '-'], large)
    const nowhere = await node.memo(['kv', 'get', 'larger', '--output', folder.path('missing/x'), '--json'])
    expect([nowhere.code, errorOf(nowhere).code]).toEqual([2, 'invalid-argument'])
    mkdirSync(folder.path('out'))
    writeFileSync(folder.path('out/x.partial'), 'mine')
    expect((await node.memo(['kv', 'get', 'nowhere', '--output', folder.path('out/x')])).code).toBe(3)
    expect((await node.memo(['kv', 'get', 'larger', '--output', folder.path('out')])).code).toBe(2)
    expect((await node.memo(['kv', 'get', 'larger', '--output', folder.path('out/x')])).code).toBe(0)
    expect(readFileSync(folder.path('out/x')).equals(large)).toBe(true)
    expect(readFileSync(folder.path('out/x.partial'), 'utf8')).toBe('mine')
    expect(readdirSync(folder.path('out')).sort()).toEqual(['x', 'x.partial'])
  })

  test('ranges', async () => {
    await node.memo(['kv', 'put', 'ranged', '0123456789'])
    expect((await node.memo(['kv', 'get', 'ranged', '--offset', '2', '--length', '3'])).stdout.toString()).toBe('234')
    expect((await node.memo(['kv', 'get', 'ranged', '--offset', '8'])).stdout.toString()).toBe('89')
    const outside = await node.memo(['kv', 'get', 'ranged', '--offset', '11', '--json'])
    expect([outside.code, errorOf(outside).code]).toEqual([2, 'range-not-satisfiable'])
    expect((await node.memo(['kv', 'get', 'ranged', '--offset', '-1'])).code).toBe(2)
  })

  test('preconditions', async () => {
    expect((await node.memo(['kv', 'put', 'guarded', 'a', '--if-absent'])).code).toBe(0)
    const again = await node.memo(['kv', 'put', 'guarded', 'b', '--if-absent', '--json'])
    expect(again.code).toBe(4)
    expect((await node.memo(['kv', 'put', 'guarded', 'b', '--if-version', '1'])).code).toBe(0)
    expect((await node.memo(['kv', 'put', 'guarded', 'c', '--if-version', '1'])).code).toBe(4)
    expect((await node.memo(['kv', 'put', 'not-there', 'c', '--if-present'])).code).toBe(4)
    expect((await node.memo(['kv', 'put', 'guarded', 'c', '--if-version', '1', '--if-absent'])).code).toBe(2)
    expect((await node.memo(['kv', 'rm', 'guarded', '--if-version', '1'])).code).toBe(4)
    expect((await node.memo(['kv', 'rm', 'guarded', '--if-version', '2'])).code).toBe(0)
    expect((await node.memo(['kv', 'get', 'guarded'])).stdout.toString()).toBe('')
  })

  test('missing keys and oversized ones', async () => {
    const missing = await node.memo(['kv', 'get', 'nowhere', '--json'])
    expect([missing.code, errorOf(missing).code]).toEqual([3, 'key-not-found'])
    expect((await node.memo(['kv', 'stat', 'nowhere'])).code).toBe(3)
    expect((await node.memo(['kv', 'rm', 'nowhere'])).code).toBe(3)
    const long = await node.memo(['kv', 'put', 'k'.repeat(4097), 'v', '--json'])
    expect([long.code, errorOf(long).code]).toEqual([2, 'invalid-argument'])
    expect((await node.memo(['kv', 'put', 'k'.repeat(4096), 'v'])).code).toBe(0)
    expect((await node.memo(['kv', 'put', '', 'v'])).code).toBe(2)
    expect((await node.memo(['kv', 'put', 'no-value'])).code).toBe(2)
  })

  test('lists with prefix, delimiter, limit and order', async () => {
    for (const key of ['l/a', 'l/b/1', 'l/b/2', 'l/c']) await node.memo(['kv', 'put', key, key])
    const list = async (...args: string[]) => (await node.memo(['kv', 'ls', ...args])).stdout.toString().trim().split('\n')
    expect(await list('l/')).toEqual(['l/a', 'l/b/1', 'l/b/2', 'l/c'])
    expect(await list('l/', '--delimiter', '/')).toEqual(['l/a', 'l/b/', 'l/c'])
    expect(await list('l/', '--limit', '2')).toEqual(['l/a', 'l/b/1'])
    expect(await list('l/', '--reverse', '--limit', '1')).toEqual(['l/c'])
    expect(await list('l/', '--start-after', 'l/a', '--end', 'l/c')).toEqual(['l/b/1', 'l/b/2'])
    expect((await node.memo(['kv', 'ls', 'l/b/', '--null'])).stdout.toString()).toBe('l/b/1\0l/b/2\0')
    const [first] = await list('l/', '--long', '--json')
    expect(JSON.parse(first ?? '')).toMatchObject({ key: 'l/a', version: expect.stringMatching(/^\d+$/), size: 3 })
    expect((await list('l/', '--delimiter', '/', '--json')).map((line) => JSON.parse(line) as unknown)).toEqual([
      { key: 'l/a' },
      { prefix: 'l/b/' },
      { key: 'l/c' },
    ])
  })
})

describe('block', () => {
  test.each(['content', 'owner'])('a %s block goes round', async (kind) => {
    const address = (await node.memo(['block', 'put', '-', '--kind', kind], binary)).stdout.toString().trim()
    expect(address).toMatch(/^[0-9a-f]{64}$/)
    expect((await node.memo(['block', 'get', address])).stdout).toEqual(binary)
    expect(parsed(await node.memo(['block', 'stat', address, '--json']))).toMatchObject({
      kind,
      address,
      version: '0',
      size: binary.length,
      verified: true,
    })
    expect((await node.memo(['block', 'rm', address])).code).toBe(0)
    expect((await node.memo(['block', 'get', address])).code).toBe(3)
  })

  test('a named block is updated, and an older version is a conflict', async () => {
    const put = ['block', 'put', 'one', '--kind', 'named', '--name', 'profile']
    const address = (await node.memo(put)).stdout.toString().trim()
    expect((await node.memo(put)).code).toBe(4)
    expect(parsed(await node.memo(['block', 'update', address, 'two', '--json']))).toMatchObject({
      kind: 'named',
      version: '1',
      name: 'profile',
    })
    expect((await node.memo(['block', 'get', address])).stdout.toString()).toBe('two')
    expect((await node.memo(['block', 'update', address, 'three', '--if-version', '0'])).code).toBe(4)
    expect((await node.memo(['block', 'get', address])).stdout.toString()).toBe('two')
  })

  test('what is no block', async () => {
    expect((await node.memo(['block', 'get', 'abc'])).code).toBe(2)
    expect((await node.memo(['block', 'get', '00'.repeat(32)])).code).toBe(3)
    expect((await node.memo(['block', 'put', 'x', '--kind', 'other'])).code).toBe(2)
    expect((await node.memo(['block', 'update', 'ff'.repeat(32), 'x'])).code).toBe(2)
  })
})

test('a node that is not there is exit code 5, with the address', async () => {
  const result = await runMemo(['kv', 'get', 'a', '--grpc', '127.0.0.1:9', '--json'])
  expect([result.code, errorOf(result).code]).toEqual([5, 'not-running'])
  expect(errorOf(result).message).toContain('127.0.0.1:9')
})
