import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, expect, test } from 'vitest'
import { freePorts } from '../support/free-ports.ts'
import { runMemo } from '../support/memo-process.ts'
import { makeStubs, missingForPython, runPython } from './python-tools.ts'

const root = join(import.meta.dirname, '../..')
const folder = mkdtempSync(join(tmpdir(), 'memo-readme-'))
const soon = { timeout: 60_000, interval: 500 }
const terminals: ChildProcess[] = []

afterAll(() => {
  for (const terminal of terminals) interrupt(terminal, 'SIGKILL')
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
})

/** The commands of the section by their headlines; ports that others may use are changed for free ones. */
async function readStory(): Promise<{ readonly parts: readonly string[]; readonly ports: ReadonlyMap<string, string> }> {
  const section = /^## Three machines, .*?^```sh\n(.*?)^```$/ms.exec(readFileSync(join(root, 'README.md'), 'utf8'))?.[1]
  if (section === undefined) throw new Error('the README tells of three machines')
  const told = ['7070', '7071', ...new Set([...section.matchAll(/127\.0\.0\.1:(\d+)/g)].map(([, port]) => port ?? ''))]
  const free = await freePorts(told.length)
  const ports = new Map(told.map((port, index) => [port, `127.0.0.1:${free[index]}`]))
  const changed = section.replaceAll(/127\.0\.0\.1:(\d+)/g, (all, port: string) => ports.get(port) ?? all)
  return { parts: changed.split(/^# (?:terminal \d|kill ).*$/m).slice(1), ports }
}

/** Bash with the commands, stopped at the first that fails. `npx` starts the program of this checkout from another folder. */
function terminal(commands: string, ports: ReadonlyMap<string, string>, isFirst = false): ChildProcess {
  const npx = `npx() { shift; '${process.execPath}' '${join(root, 'bin/memo.js')}' "$@"; }`
  const [grpc, consolePlace] = [ports.get('7070'), ports.get('7071')]
  const child = spawn('bash', ['-ec', `${npx}\n${commands}`], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    // The node of the first terminal is told no ports: it has the usual ones.
    env: { ...process.env, MEMO_NODE: grpc, ...(isFirst && { MEMO_GRPC: grpc, MEMO_CONSOLE: consolePlace }) },
    detached: true,
  })
  terminals.push(child)
  return child
}

/** What Ctrl-C does: everybody in the terminal is told. */
function interrupt({ pid, exitCode, signalCode }: ChildProcess, signal: 'SIGINT' | 'SIGKILL'): void {
  if (pid !== undefined && exitCode === null && signalCode === null) process.kill(-pid, signal)
}

async function printed(commands: string, ports: ReadonlyMap<string, string>): Promise<string> {
  const child = terminal(commands, ports)
  const { stdout, stderr } = child
  if (stdout === null || stderr === null) throw new Error('both are pipes')
  const [said, complaint, [code]] = await Promise.all([text(stdout), text(stderr), once(child, 'exit')])
  expect(code, complaint).toBe(0)
  return said
}

async function aliveAt(grpc: string | undefined): Promise<number> {
  const { code, stdout } = await runMemo(['cluster', 'status', '--json', '--grpc', grpc ?? ''])
  return code === 0 ? (JSON.parse(stdout.toString()) as { readonly nodes: { readonly alive: number } }).nodes.alive : 0
}

test('three terminals become one network, as the README tells it, and Python reads from another node', async () => {
  const { parts, ports } = await readStory()
  const [first = '', second = '', third = '', before = '', after = ''] = parts
  terminal(first, ports, true)
  await expect.poll(() => aliveAt(ports.get('7070')), soon).toBe(1)
  const secondTerminal = terminal(second, ports)
  await expect.poll(() => aliveAt(ports.get('7170')), soon).toBeGreaterThan(0)
  terminal(third, ports)
  for (const port of ['7070', '7170', '7270']) await expect.poll(() => aliveAt(ports.get(port)), soon).toBe(3)

  const told = await printed(before, ports)
  expect(told.match(/^[0-9a-f]{12} +alive /gm), 'three, alive').toHaveLength(3)
  expect(told).toMatch(/hello, all of you$/)

  if (missingForPython === undefined) expect(await readByPython(ports.get('7270'))).toBe('hello, all of you')

  interrupt(secondTerminal, 'SIGINT')
  await once(secondTerminal, 'exit')
  expect(await printed(after, ports)).toMatch(/still here/)
  await expect
    .poll(() => printed('npx memo cluster status', ports), soon)
    .toMatch(/^quorum {5}reached: 2 of 3 members alive, 2 needed$/m)
}, 180_000)

async function readByPython(grpc: string | undefined): Promise<string> {
  const stubs = join(folder, 'stubs')
  await makeStubs(stubs, ['memo/kvs/memo_kvs.proto'])
  const script = [
    'import sys, grpc',
    'sys.path.insert(0, sys.argv[2])',
    'from memo.kvs import memo_kvs_pb2 as kvs, memo_kvs_pb2_grpc as services',
    'store = services.KeyValueStoreStub(grpc.insecure_channel(sys.argv[1]))',
    'sys.stdout.write(store.Fetch(kvs.FetchRequest(key="greeting"), timeout=20).value.decode())',
  ].join('\n')
  return await runPython(['-c', script, grpc ?? '', stubs])
}
