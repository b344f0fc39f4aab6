import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import type { MemoProcess } from '../../support/memo-process.ts'
import { killLeftNodes, runMemo, startMemo } from '../../support/memo-process.ts'

/** A folder for the tests of a file, gone at their end. */
export function testFolder(): { readonly path: (name: string) => string } {
  let folder = ''
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'memo-cli-'))
  })
  afterAll(() => {
    killLeftNodes()
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  })
  return { path: (name) => join(folder, name) }
}

export interface CliNode {
  readonly process: () => MemoProcess
  /** Runs a command against the node. */
  readonly memo: (args: readonly string[], input?: Uint8Array | string) => ReturnType<typeof runMemo>
  /** SIGKILL and a new start on the same data. */
  readonly restart: () => Promise<void>
}

/** A node for the tests of a file. */
export function testNode(folder: { readonly path: (name: string) => string }): CliNode {
  let running: MemoProcess | undefined
  const current = () => {
    if (running === undefined) throw new Error('the node is not running')
    return running
  }
  beforeAll(async () => {
    running = await startMemo(folder.path('node'))
  }, 30_000)
  afterAll(() => running?.kill())
  return {
    process: current,
    memo: (args, input) => {
      return runMemo(args, { environment: { MEMO_NODE: current().ready.grpc }, ...(input !== undefined && { input }) })
    },
    async restart() {
      await current().kill()
      running = await startMemo(folder.path('node'))
    },
  }
}

/** Runs a command that must end well and parses the one line of JSON that it prints. */
export function parsed(result: Awaited<ReturnType<typeof runMemo>>): unknown {
  if (result.code !== 0) throw new Error(`exit code ${result.code}: ${result.stderr}`)
  return JSON.parse(result.stdout.toString())
}

export function errorOf(result: Awaited<ReturnType<typeof runMemo>>): { readonly code: string; readonly message: string } {
  const line = result.stderr.trim().split('\n').at(-1) ?? ''
  return (JSON.parse(line) as { readonly error: { readonly code: string; readonly message: string } }).error
}
