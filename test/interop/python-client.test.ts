import { execFile, execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { startMemo } from '../support/memo-process.ts'
import { caseFiles } from './case-file.ts'

const run = promisify(execFile)
const protos = join(import.meta.dirname, '../../protos')
const files = [
  'memo/kvs/memo_kvs.proto',
  'memo/vs/memo_vs.proto',
  'memo/v1/call.proto',
  'memo/v1/key_value.proto',
  'memo/v1/blocks.proto',
  'memo/v1/cluster.proto',
]
/** Debian's Python first: another one in the PATH seldom has its packages. */
const pythons = ['/usr/bin/python3', 'python3']

const python = pythons.find((each) => works(each, ['-c', 'import grpc, google.protobuf']))
const plugin = python === undefined ? undefined : findPlugin()
const missing =
  python === undefined
    ? 'python3-grpcio and python3-protobuf'
    : plugin === undefined || !works('protoc', ['--version'])
      ? 'protobuf-compiler and protobuf-compiler-grpc'
      : undefined

if (missing !== undefined) console.warn(`The Python client is not run: ${missing} of Debian are not installed.`)

test.runIf(missing === undefined)('a Python client gets the same answers', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'memo-python-'))
  const stubs = join(folder, 'stubs')
  mkdirSync(stubs)
  const memo = await startMemo(join(folder, 'data'))
  try {
    const output = [`--python_out=${stubs}`, `--grpc_python_out=${stubs}`, `--plugin=protoc-gen-grpc_python=${plugin}`]
    await run('protoc', [`--proto_path=${protos}`, ...output, ...files])
    const script = join(import.meta.dirname, 'python_client.py')
    const cases = join(import.meta.dirname, 'cases')
    const { stdout } = await run(python ?? '', [script, memo.ready.grpc, stubs, cases], { maxBuffer: 16 * 1024 * 1024 })
    const results = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { readonly fault: string | null })
    expect(results.filter(({ fault }) => fault !== null)).toEqual([])
    expect(results).toHaveLength(caseFiles.reduce((sum, file) => sum + file.cases.length, 0))
  } finally {
    await memo.terminate()
    rmSync(folder, { recursive: true, force: true })
  }
})

function works(command: string, args: readonly string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

function findPlugin(): string | undefined {
  try {
    return execFileSync('which', ['grpc_python_plugin']).toString().trim()
  } catch {
    return undefined
  }
}
