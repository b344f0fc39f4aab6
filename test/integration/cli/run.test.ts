import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { runMemo, startMemo } from '../../support/memo-process.ts'
import { errorOf, parsed, testFolder } from './cli-bed.ts'

const bin = join(import.meta.dirname, '../../../bin/memo.js')
const folder = testFolder()
const freePorts = ['--grpc', '127.0.0.1:0', '--console', '127.0.0.1:0']

describe('a first start', () => {
  test('makes a data directory, tells where it serves, and stops in order', async () => {
    const data = folder.path('first')
    const node = await startMemo(data)
    const { ready } = node
    expect(ready).toMatchObject({
      nodeId: expect.stringMatching(/^[0-9a-f]{64}$/),
      pid: node.child.pid,
      listen: null,
      version: '0.1.0',
    })
    expect(ready.grpc).toMatch(/^127\.0\.0\.1:\d+$/)
    expect(JSON.parse(readFileSync(join(data, 'running.json'), 'utf8'))).toEqual(ready)
    const health = await fetch(new URL('/health', ready.consoleUrl))
    expect(health.status).toBe(200)
    expect(await health.json()).toMatchObject({
      status: 'ok',
      problems: [],
      nodeId: ready.nodeId,
      keys: 0,
      store: { condition: 'sound', bootCount: 1 },
    })
    expect(await (await fetch(new URL('/ready', ready.consoleUrl))).text()).toBe('ready\n')
    const startedMs = Date.now()
    expect(await node.terminate()).toBe(0)
    expect(Date.now() - startedMs).toBeLessThan(10_000)
    expect(existsSync(`${data}.ready.json`)).toBe(false)
    expect(existsSync(join(data, 'running.json'))).toBe(false)
    expect(statSync(join(data, 'keys/node.key')).mode & 0o777).toBe(0o600)
    for (const line of node.log().trim().split('\n')) expect(JSON.parse(line)).toHaveProperty('level')
  })

  test('the second start is the same node', async () => {
    const data = folder.path('twice')
    const first = await startMemo(data)
    await first.terminate()
    const second = await startMemo(data, { arguments: ['--listen', '127.0.0.1:7400'] })
    expect(second.ready.nodeId).toBe(first.ready.nodeId)
    expect(second.ready.listen).toBe('127.0.0.1:7400')
    second.child.kill('SIGINT')
    await once(second.child, 'exit')
    expect(second.child.exitCode).toBe(0)
  })

  test('a second signal while it stops is taken too', async () => {
    const node = await startMemo(folder.path('hurry'))
    node.child.kill('SIGTERM')
    node.child.kill('SIGTERM')
    await once(node.child, 'exit')
    expect(node.child.exitCode).toBe(0)
  })

  test('metrics count calls, commits and syncs, and name no key', async () => {
    const node = await startMemo(folder.path('metrics'))
    const at = ['--grpc', node.ready.grpc]
    await runMemo(['kv', 'put', 'a-very-secret-key', 'v', ...at])
    await runMemo(['kv', 'put', 'a-very-secret-key', 'v', '--if-absent', ...at])
    const text = await (await fetch(new URL('/metrics', node.ready.consoleUrl))).text()
    expect(text).toMatch(/memo_grpc_call_duration_seconds_count\{method="memo\.v1\.KeyValue\/Put",status="OK"\} 1/)
    expect(text).toMatch(/memo_precondition_conflicts_total 1/)
    expect(text).toMatch(/memo_fsync_duration_seconds_count [1-9]/)
    expect(text).toMatch(/memo_commit_batches_bucket/)
    expect(text).toMatch(/memo_keys 1/)
    expect(text).toMatch(/memo_nodejs_eventloop_lag_p99_seconds/)
    expect(text).not.toContain('a-very-secret-key')
    expect(node.log()).not.toContain('a-very-secret-key')
    await node.terminate()
  })
})

describe('what prevents a start is one sentence with its code', () => {
  test('a taken gRPC port names its holder and the flag', async () => {
    const holder = createServer().listen(0, '127.0.0.1')
    await once(holder, 'listening')
    const { port } = holder.address() as AddressInfo
    const result = await runMemo([
      'run',
      '--data',
      folder.path('port'),
      '--grpc',
      `127.0.0.1:${port}`,
      '--console',
      '127.0.0.1:0',
    ])
    holder.close()
    expect(result.code).toBe(11)
    expect(errorOf(result)).toMatchObject({ code: 'port-in-use', message: expect.stringContaining('--grpc') })
    expect(existsSync(folder.path('port'))).toBe(false)
    if (process.platform === 'linux') expect(errorOf(result).message).toContain(`process ${process.pid}`)
  })

  test('a taken console port likewise; nothing is made before it is found', async () => {
    const holder = createServer().listen(0, '127.0.0.1')
    await once(holder, 'listening')
    const { port } = holder.address() as AddressInfo
    const data = folder.path('console-port')
    const result = await runMemo(['run', '--data', data, '--grpc', '127.0.0.1:0', '--console', `127.0.0.1:${port}`])
    holder.close()
    expect([result.code, errorOf(result).code]).toEqual([11, 'port-in-use'])
    expect(errorOf(result).message).toContain('--console')
    expect(existsSync(data)).toBe(false)
    await (await startMemo(data)).terminate()
  })

  test('a second process on the data directory names the first and leaves its files', async () => {
    const data = folder.path('locked')
    const node = await startMemo(data)
    const result = await runMemo(['run', '--data', data, ...freePorts, '--ready-file', `${data}.ready.json`])
    expect([result.code, errorOf(result).code]).toEqual([10, 'store-locked'])
    expect(errorOf(result).message).toContain(String(node.ready.pid))
    expect(JSON.parse(readFileSync(`${data}.ready.json`, 'utf8'))).toEqual(node.ready)
    expect((await fetch(new URL('/health', node.ready.consoleUrl))).status).toBe(200)
    await node.terminate()
  })

  test('a data directory that is a file', async () => {
    writeFileSync(folder.path('file'), '')
    const result = await runMemo(['run', '--data', folder.path('file'), ...freePorts])
    expect([result.code, errorOf(result).code]).toEqual([10, 'store-unwritable'])
  })

  test('a data directory without rights', async () => {
    if (process.getuid?.() === 0) return // nothing is forbidden to root
    mkdirSync(folder.path('closed'))
    chmodSync(folder.path('closed'), 0o500)
    const result = await runMemo(['run', '--data', folder.path('closed'), ...freePorts])
    expect([result.code, errorOf(result).code]).toEqual([10, 'store-unwritable'])
  })

  test('a newer format says which program wrote it', async () => {
    const data = folder.path('newer')
    mkdirSync(data)
    writeFileSync(join(data, 'FORMAT'), JSON.stringify({ format: 99, madeBy: 'memo 9.9.9' }))
    const result = await runMemo(['run', '--data', data, ...freePorts])
    expect([result.code, errorOf(result).code]).toEqual([10, 'store-newer-format'])
    expect(errorOf(result).message).toContain('memo 9.9.9')
  })

  const usage: readonly (readonly [string, readonly string[], string])[] = [
    ['an unknown flag', ['run', '--dta', 'x'], 'Did you mean --data'],
    ['a malformed address', ['run', '--grpc', '7070'], '"7070" is not HOST:PORT'],
    ['a port out of range', ['run', '--console', '127.0.0.1:99999'], 'is not HOST:PORT'],
    ['a size that is none', ['run', '--capacity', 'much'], '"much" is not a size'],
    ['an unknown log level', ['run', '--log-level', 'loud'], '--log-level'],
    ['a strange bind without protection', ['run', '--data', '/nonexistent/x', '--console', '0.0.0.0:0'], '--insecure'],
    ['a word too many', ['run', 'fast'], 'too many arguments'],
  ]
  test.each(usage)('%s', async (_name, args, expected) => {
    const result = await runMemo(args)
    expect(result.code).toBe(2)
    expect(errorOf(result).message).toContain(expected)
  })

  test('unsafe gRPC bind', async () => {
    const result = await runMemo(['run', '--data', folder.path('unsafe'), '--grpc', '0.0.0.0:0', '--console', '127.0.0.1:0'])
    expect([result.code, errorOf(result).code]).toEqual([2, 'unsafe-bind'])
  })

  test('an unknown key in the configuration file', async () => {
    writeFileSync(folder.path('memo.json'), JSON.stringify({ grpcPort: 1, logLevle: 'info' }))
    const result = await runMemo(['run', '--data', folder.path('unknown-key'), '--config', folder.path('memo.json')])
    expect([result.code, errorOf(result).code]).toEqual([2, 'config-invalid'])
    expect(errorOf(result).message).toMatch(/unknown key "grpcPort"/)
    expect(existsSync(folder.path('unknown-key'))).toBe(false)
  })
})

test('config show tells value and origin of every setting', async () => {
  writeFileSync(folder.path('show.json'), JSON.stringify({ capacity: '2GiB', logLevel: 'warn' }))
  const result = await runMemo(['config', 'show', '--config', folder.path('show.json'), '--grpc', '127.0.0.1:9', '--json'], {
    environment: { MEMO_LOG_LEVEL: 'debug' },
  })
  expect(parsed(result)).toMatchObject({
    grpc: { value: '127.0.0.1:9', source: '--grpc', flag: '--grpc', variable: 'MEMO_GRPC' },
    logLevel: { value: 'debug', source: 'MEMO_LOG_LEVEL' },
    capacity: { value: 2 * 1024 ** 3, source: folder.path('show.json') },
    console: { value: '127.0.0.1:7071', source: 'default' },
  })
})

test('help of every command has examples, and every shell completion is a script', async () => {
  for (const args of [
    ['run'],
    ['kv', 'get'],
    ['kv', 'put'],
    ['kv', 'ls'],
    ['kv', 'rm'],
    ['kv', 'stat'],
    ['block', 'put'],
    ['import'],
    ['export'],
    ['doctor'],
    ['config', 'show'],
    ['cluster', 'recover'],
  ]) {
    const { code, stdout } = await runMemo([...args, '--help'])
    expect(code).toBe(0)
    expect(stdout.toString()).toContain('Examples:')
  }
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { code, stdout } = await runMemo(['completion', shell])
    expect(code).toBe(0)
    expect(stdout.toString()).toContain('ready-file')
    if (shell !== 'bash') continue
    const check = spawn('bash', ['-n'], { stdio: ['pipe', 'ignore', 'ignore'] })
    check.stdin.end(stdout)
    expect((await once(check, 'close'))[0]).toBe(0)
    expect(await completed(stdout, 'kv', 'g')).toBe('get')
    expect(await completed(stdout, 'block', 'put', '--kind', '')).toBe('content owner named')
    expect(await completed(stdout, 'run', '--log-level', 'w')).toBe('warn')
    expect(await completed(stdout, 'completion', 'b')).toBe('bash')
  }
  expect(existsSync(bin)).toBe(true)
}, 60_000)

/** What bash offers behind `memo WORDS`. */
async function completed(script: Buffer, ...words: readonly string[]): Promise<string> {
  const typed = `COMP_WORDS=(memo ${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length}`
  const child = spawn('bash', ['-c', `${script}\n${typed}; _memo; echo "\${COMPREPLY[*]}"`])
  let offered = ''
  child.stdout.on('data', (piece: Buffer) => {
    offered += piece.toString()
  })
  await once(child, 'close')
  return offered.trim()
}

test('without a command the help comes on standard error, and a misspelled one is named', async () => {
  for (const [args, expected] of [
    [[], 'Usage: memo '],
    [['kv'], 'Usage: memo kv '],
    [['kvv'], 'Did you mean kv?'],
    [['kv', 'gett'], 'Did you mean get?'],
  ] as const) {
    const { code, stdout, stderr } = await runMemo(args)
    expect([code, stdout.length]).toEqual([2, 0])
    expect(stderr).toContain(expected)
  }
  expect((await runMemo(['kvv'])).stderr).toContain('[invalid-argument]')
})
