import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, mkdirSync, openSync, writeFileSync } from 'node:fs'
import { open, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { runMemo } from '../../support/memo-process.ts'
import { errorOf, testFolder, testNode } from './cli-bed.ts'

const bin = join(import.meta.dirname, '../../../bin/memo.js')
const folder = testFolder()
const node = testNode(folder)

/** Runs the command with its standard streams where they are told to be. */
function start(args: readonly string[], stdio: readonly ('pipe' | 'ignore' | number)[]) {
  const env = { ...process.env, MEMO_NODE: node.process().ready.grpc }
  const child = spawn(process.execPath, [bin, ...args], { stdio: [...stdio], env })
  let stderr = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr += chunk.toString()
  })
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, stderr }))
  return { child, ended }
}

test.skipIf(process.platform !== 'linux')('standard output on a full disk is one line and exit code 1, no stack', async () => {
  await node.memo(['kv', 'put', 'full', 'x'])
  for (const args of [
    ['kv', 'ls'],
    ['kv', 'get', 'full'],
    ['export', '-'],
    ['kv', 'stat', 'full', '--json'],
  ]) {
    const full = openSync('/dev/full', 'w')
    const { code, stderr } = await start(args, ['ignore', full, 'pipe']).ended
    closeSync(full)
    expect(code, args.join(' ')).toBe(1)
    expect(stderr).toContain('standard output cannot be written')
    expect(stderr).not.toContain('    at ')
  }
})

test('a reader that leaves early ends a listing quietly', async () => {
  const lines = Array.from({ length: 5000 }, (_, index) => `{"key":"pipe/${index}","value":"eA=="}`)
  await node.memo(['import', '-'], lines.join('\n'))
  for (const args of [
    ['kv', 'ls', 'pipe/'],
    ['export', '-', '--prefix', 'pipe/', '--quiet'],
  ]) {
    const { child, ended } = start(args, ['ignore', 'pipe', 'pipe'])
    child.stdout?.once('data', () => child.stdout?.destroy())
    expect(await ended, args.join(' ')).toEqual({ code: 0, stderr: '' })
  }
})

test('a closed standard error does not end an import', async () => {
  const source = folder.path('quiet.ndjson')
  writeFileSync(source, '{"key":"quiet","value":"eA=="}\n')
  const { child, ended } = start(['import', source], ['ignore', 'pipe', 'pipe'])
  child.stderr?.destroy()
  child.stdout?.resume()
  expect((await ended).code).toBe(0)
  expect((await node.memo(['kv', 'get', 'quiet'])).stdout.toString()).toBe('x')
})

test('a folder as standard input is no empty value', async () => {
  const there = folder.path('a-folder')
  mkdirSync(there)
  for (const args of [
    ['kv', 'put', 'from-folder', '-', '--json'],
    ['import', '-', '--json'],
  ]) {
    const input = openSync(there, 'r')
    const { code, stderr } = await start(args, [input, 'ignore', 'pipe']).ended
    closeSync(input)
    expect(code).toBe(2)
    expect(stderr).toContain('standard input is a folder')
  }
  expect((await node.memo(['kv', 'get', 'from-folder'])).code).toBe(3)
})

test.skipIf(process.platform === 'win32')('Ctrl-C ends a command that waits for its input, and nothing is stored', async () => {
  for (const args of [
    ['kv', 'put', 'interrupted', '-', '--json'],
    ['block', 'put', '-', '--json'],
    ['import', '-', '--json'],
  ]) {
    const { child, ended } = start(args, ['pipe', 'ignore', 'pipe'])
    // More than a pipe holds: it has left when the command reads its input.
    await new Promise((resolve) => child.stdin?.write('{"key":"interrupted","value":"eA=="}'.padEnd(1 << 20), resolve))
    child.kill('SIGINT')
    const { code, stderr } = await ended
    expect(code, args.join(' ')).toBe(130)
    expect(JSON.parse(stderr)).toEqual({ error: { code: 'cancelled', message: 'interrupted' } })
  }
  expect((await node.memo(['kv', 'get', 'interrupted'])).code).toBe(3)
})

test.skipIf(process.platform === 'win32')(
  'a named pipe gives a value, and waiting for one ends with the first signal',
  async () => {
    const pipe = folder.path('pipe')
    execFileSync('mkfifo', [pipe])
    const args = ['kv', 'put', 'piped', '--file', pipe, '--json']
    for (const hasWriter of [false, true]) {
      const { child, ended } = start(args, ['ignore', 'ignore', 'pipe'])
      // With a writer it waits for what is written, else for somebody who writes.
      const writer = hasWriter ? await open(pipe, 'w') : undefined
      await sleep(hasWriter ? 300 : 1500)
      child.kill(hasWriter ? 'SIGTERM' : 'SIGINT')
      const { code, stderr } = await ended
      expect(code, stderr).toBe(130)
      expect(JSON.parse(stderr)).toEqual({ error: { code: 'cancelled', message: 'interrupted' } })
      await writer?.close()
    }
    expect((await node.memo(['kv', 'get', 'piped'])).code).toBe(3)
    const { ended } = start(args, ['ignore', 'ignore', 'pipe'])
    const value = Buffer.alloc(3_000_000, 'piped ')
    await writeFile(pipe, value)
    expect((await ended).code).toBe(0)
    expect((await node.memo(['kv', 'get', 'piped', '--output', folder.path('piped')])).code).toBe(0)
    expect(value.equals(await readFile(folder.path('piped')))).toBe(true)
  },
)

test.skipIf(process.platform !== 'linux')(
  'a place in which no folder can be made is told, also below missing folders',
  async () => {
    for (const place of ['/proc/memo', '/proc/memo/deeper']) {
      const result = await node.memo(['export', place, '--json'])
      expect(result.code).toBe(2)
      expect(errorOf(result)).toMatchObject({
        code: 'invalid-argument',
        message: expect.stringContaining(`cannot write into ${place}`),
      })
    }
    const deep = folder.path('made/of/several')
    expect((await node.memo(['export', deep, '--prefix', 'none/'])).code).toBe(0)
    expect(existsSync(deep)).toBe(true)
  },
)

test('"-" as --output is standard output', async () => {
  await node.memo(['kv', 'put', 'dash', 'x'])
  expect((await node.memo(['kv', 'get', 'dash', '--output', '-'])).stdout.toString()).toBe('x')
  const address = (await node.memo(['block', 'put', 'y'])).stdout.toString().trim()
  expect((await node.memo(['block', 'get', address, '--output', '-'])).stdout.toString()).toBe('y')
})

describe('the environment', () => {
  test('an empty MEMO_NODE is none', async () => {
    const { code, stderr } = await runMemo(['kv', 'ls', '--help'], { environment: { MEMO_NODE: '' } })
    expect([code, stderr]).toEqual([0, ''])
    const help = await runMemo(['kv', 'ls', '--help'], { environment: { MEMO_NODE: '' } })
    expect(help.stdout.toString()).toContain('(default: "127.0.0.1:7070")')
  })

  test('a proxy for the web has no part in reaching a node', async () => {
    const proxy = 'http://127.0.0.1:1'
    const environment = { MEMO_NODE: node.process().ready.grpc, http_proxy: proxy, https_proxy: proxy, grpc_proxy: proxy }
    const silent = { no_proxy: '', no_grpc_proxy: '', NO_PROXY: '' }
    const result = await runMemo(['kv', 'put', 'proxied', 'x', '--json'], { environment: { ...environment, ...silent } })
    expect([result.code, result.stderr]).toEqual([0, ''])
  })
})

test('help of a node tells its defaults', async () => {
  const help = (await runMemo(['run', '--help'])).stdout.toString().replaceAll(/\s+/g, ' ')
  for (const text of ['memo)', '127.0.0.1:7070', '127.0.0.1:7071', '(default: info)', '(default: none)'])
    expect(help).toContain(text)
})

test('errors stay one line whatever they quote', async () => {
  const result = await node.memo(['kv', 'get', 'no\nsuch\u001b[31m'])
  expect(result.code).toBe(3)
  expect(result.stderr.trimEnd().split('\n')).toHaveLength(1)
  expect(errorOf(await node.memo(['kv', 'get', 'no\nsuch', '--json'])).message).toContain('no\nsuch')
})

test.skipIf(process.platform === 'win32')('a node that stands still is given up after the timeout, by streams too', async () => {
  await node.memo(['kv', 'put', 'still', 'x'])
  const { pid } = node.process().ready
  process.kill(pid, 'SIGSTOP')
  try {
    for (const args of [
      ['kv', 'get', 'still'],
      ['kv', 'stat', 'still'],
      ['kv', 'put', 'still', 'y'],
    ]) {
      const { code, stderr } = await start([...args, '--timeout', '1'], ['ignore', 'ignore', 'pipe']).ended
      expect(stderr, args.join(' ')).toMatch(/within the time given/)
      expect(stderr).not.toMatch(/name resolution|LB pick|Deadline exceeded/)
      expect(code, args.join(' ')).not.toBe(0)
    }
  } finally {
    process.kill(pid, 'SIGCONT')
  }
})

test('arguments that are not UTF-8 are refused: two keys would become one', () => {
  for (const words of ["kv put $'k\\xff' one", "kv put k $'\\xfe'", "kv get $'k\\xfe'"]) {
    const env = { ...process.env, MEMO_NODE: node.process().ready.grpc }
    const { status, stderr } = spawnSync('bash', ['-c', `"${process.execPath}" "${bin}" ${words}`], { env, encoding: 'utf8' })
    expect([status, stderr], words).toEqual([2, expect.stringContaining('is not UTF-8')])
  }
})
