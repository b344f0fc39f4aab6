import { execFile, execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const protos = join(import.meta.dirname, '../../protos')
/** Debian's Python first: another one in the PATH seldom has its packages. */
const pythons = ['/usr/bin/python3', 'python3']

const found = pythons.find((each) => works(each, ['-c', 'import grpc, google.protobuf']))
const plugin = found === undefined ? undefined : findPlugin()

/** Packages of Debian without which no Python client can be run here. */
export const missingForPython =
  found === undefined
    ? 'python3-grpcio and python3-protobuf'
    : plugin === undefined || !works('protoc', ['--version'])
      ? 'protobuf-compiler and protobuf-compiler-grpc'
      : undefined

if (missingForPython !== undefined) console.warn(`The Python client is not run: ${missingForPython} of Debian are not installed.`)

/** Makes a folder with the stubs of these .proto files. */
export async function makeStubs(folder: string, files: readonly string[]): Promise<void> {
  mkdirSync(folder)
  const output = [`--python_out=${folder}`, `--grpc_python_out=${folder}`, `--plugin=protoc-gen-grpc_python=${plugin}`]
  await run('protoc', [`--proto_path=${protos}`, ...output, ...files])
}

/** Runs Python and resolves with what it printed. */
export async function runPython(words: readonly string[]): Promise<string> {
  const { stdout } = await run(found ?? '', words, { maxBuffer: 16 * 1024 * 1024 })
  return stdout
}

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
