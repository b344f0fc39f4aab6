import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'

const bin = join(import.meta.dirname, '../../bin/memo.js')

export interface ReadyFile {
  readonly nodeId: string
  readonly pid: number
  readonly grpc: string
  readonly consoleUrl: string
  readonly listen: string | null
  readonly version: string
}

/** A real `memo run`, on ports that the system picked, with its log kept for failures. */
export interface MemoProcess {
  readonly ready: ReadyFile
  readonly child: ChildProcess
  /** What the node wrote to standard error so far. */
  log(): string
  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void>
  /** SIGTERM; resolves with the exit code. */
  terminate(): Promise<number | null>
  /** Resolves with the exit code when the process has ended, for whatever reason; null after a signal. */
  ended(): Promise<number | null>
}

/** A start that did not get as far as the ready file. */
export class StartFailure extends Error {
  /** Null after a signal, such as that of a native crash. */
  readonly exitCode: number | null
  readonly log: string

  constructor(exitCode: number | null, log: string) {
    super(`memo ended with ${exitCode}:\n${log}`)
    this.exitCode = exitCode
    this.log = log
  }
}

export interface MemoProcessOptions {
  readonly arguments?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly startTimeoutMs?: number
  /** False: ports and ready file are a matter of the settings file, which has to pick ports itself. */
  readonly placeFlags?: boolean
  /** A module that the process loads before its own: faults and recordings of a test. */
  readonly preload?: string
  /** Another Node than the one of the test: one that is too old starts the project's as its child. */
  readonly node?: string
}

const running = new Set<ChildProcess>()

/** Ends the nodes that a failed test left behind. */
export function killLeftNodes(): void {
  for (const child of running) child.kill('SIGKILL')
}

/** Runs the command once and collects what it says. */
export async function runMemo(
  args: readonly string[],
  options: { readonly input?: Uint8Array | string; readonly environment?: Readonly<Record<string, string>> } = {},
): Promise<{ readonly code: number | null; readonly stdout: Buffer; readonly stderr: string }> {
  const child = spawn(process.execPath, [bin, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...options.environment },
  })
  const [out, err]: [Buffer[], Buffer[]] = [[], []]
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk))
  child.stdin.on('error', () => undefined)
  child.stdin.end(options.input)
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, stdout: Buffer.concat(out), stderr: Buffer.concat(err).toString() }
}

/** Starts a node on a data directory and waits for its ready file. Throws with the log when it ends or takes too long. */
export async function startMemo(dataDirectory: string, options: MemoProcessOptions = {}): Promise<MemoProcess> {
  const { placeFlags = true } = options
  const readyPath = placeFlags ? `${dataDirectory}.ready.json` : join(dataDirectory, 'running.json')
  rmSync(readyPath, { force: true })
  const places = ['--grpc', '127.0.0.1:0', '--console', '127.0.0.1:0', '--ready-file', readyPath]
  const args = ['run', '--data', dataDirectory, ...(placeFlags ? places : []), ...(options.arguments ?? [])]
  const child = spawn(options.node ?? process.execPath, [bin, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {
      ...process.env,
      ...(options.preload !== undefined && { NODE_OPTIONS: `--import ${pathToFileURL(options.preload).href}` }),
      ...options.environment,
    },
  })
  let log = ''
  child.stderr.on('data', (chunk: Buffer) => {
    log = (log + chunk.toString()).slice(-200_000)
  })
  running.add(child)
  child.once('exit', () => running.delete(child))
  // Not `exit`: what the process wrote last has to be read too.
  const exited = once(child, 'close')
  const deadline = Date.now() + (options.startTimeoutMs ?? 20_000)
  while (!existsSync(readyPath)) {
    if (child.exitCode !== null || child.signalCode !== null) {
      await exited
      throw new StartFailure(child.exitCode, log)
    }
    if (Date.now() > deadline) {
      child.kill('SIGKILL')
      await exited
      throw new Error(`memo was not ready in time:\n${log}`)
    }
    await sleep(5)
  }
  const end = async (signal: 'SIGKILL' | 'SIGTERM') => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal)
    await exited
    return child.exitCode
  }
  return {
    ready: JSON.parse(readFileSync(readyPath, 'utf8')) as ReadyFile,
    child,
    log: () => log,
    kill: async () => {
      await end('SIGKILL')
    },
    terminate: () => end('SIGTERM'),
    ended: async () => {
      await exited
      return child.exitCode
    },
  }
}
