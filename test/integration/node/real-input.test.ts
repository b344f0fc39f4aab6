import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, linkSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, symlinkSync } from 'node:fs'
import { join, relative } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, expect, test } from 'vitest'
import type { MemoProcess } from '../../support/memo-process.ts'
import { runMemo, startMemo } from '../../support/memo-process.ts'
import { parsed, testFolder } from '../cli/cli-bed.ts'
import { doctorOf } from './node-health.ts'

const bin = join(import.meta.dirname, '../../../bin/memo.js')
const modules = join(import.meta.dirname, '../../../node_modules')
const folder = testFolder()

interface Report {
  readonly copied: number
  readonly copiedBytes: number
  readonly skipped: number
  readonly failed: number
  readonly durationMs: number
  readonly skips: readonly { readonly reason: string; readonly count: number }[]
}

interface Source {
  readonly root: string
  readonly files: number
  readonly links: number
  readonly digest: string
}

let source: Source

/** Links to all of node_modules as it is now: tools, this one too, write into it while they run. */
function freeze(from: string, to: string): void {
  mkdirSync(to, { recursive: true })
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [here, there] = [join(from, entry.name), join(to, entry.name)]
    if (entry.isDirectory()) freeze(here, there)
    else if (entry.isSymbolicLink()) symlinkSync(readlinkSync(here), there)
    else if (entry.isFile()) linkOrCopy(here, there)
  }
}

function linkOrCopy(from: string, to: string): void {
  try {
    linkSync(from, to)
  } catch {
    copyFileSync(from, to) // another file system, or a file that went away meanwhile
  }
}

/** A digest of all names and contents, and how many there are. */
function survey(root: string): Source {
  const entries = readdirSync(root, { recursive: true, withFileTypes: true })
  const links = entries.filter((entry) => entry.isSymbolicLink()).length
  const paths = entries.flatMap((entry) => (entry.isFile() ? [join(entry.parentPath, entry.name)] : []))
  const digest = createHash('sha256')
  for (const path of paths.sort()) {
    const bytes = readFileSync(path)
    digest.update(`${relative(root, path)}\0${bytes.length}\0`).update(bytes)
  }
  return { root, files: paths.length, links, digest: digest.digest('hex') }
}

beforeAll(() => {
  freeze(modules, folder.path('source'))
  source = survey(folder.path('source'))
})

async function memo(node: MemoProcess, ...args: string[]) {
  return await runMemo([...args, '--grpc', node.ready.grpc, '--json'])
}

/** Every key is listed, and an export is the folder. */
async function proveWhole(node: MemoProcess): Promise<void> {
  const listed = (await memo(node, 'kv', 'ls', 'npm/')).stdout.toString().trimEnd().split('\n')
  expect(listed.length).toBe(source.files)
  const target = folder.path('target')
  const report = parsed(await memo(node, 'export', target, '--prefix', 'npm/')) as Report
  expect(report).toMatchObject({ copied: source.files, skipped: 0, failed: 0 })
  const { files, links, digest } = survey(target)
  expect([files, links, digest]).toEqual([source.files, 0, source.digest])
  rmSync(target, { recursive: true })
  rate('export', report)
}

function rate(verb: string, { copied, copiedBytes, durationMs }: Report): void {
  const seconds = durationMs / 1000
  const [perSecond, megabytes] = [Math.round(copied / seconds), Math.round(copiedBytes / 1e6 / seconds)]
  console.info(`${verb}: ${copied} files, ${perSecond} files/s, ${megabytes} MB/s`)
}

const skipsOf = ({ skips }: Report) => Object.fromEntries(skips.map(({ reason, count }) => [reason, count]))

test('node_modules goes in and comes back byte for byte', async () => {
  expect(source.files).toBeGreaterThan(10_000)
  const data = folder.path('whole')
  const node = await startMemo(data)
  const report = parsed(await memo(node, 'import', source.root, '--prefix', 'npm/')) as Report
  expect(report).toMatchObject({ copied: source.files, skipped: source.links, failed: 0 })
  expect(skipsOf(report)).toEqual({ 'symbolic-link': source.links })
  rate('import', report)
  await proveWhole(node)
  expect(await node.terminate()).toBe(0)
  rmSync(data, { recursive: true })
})

test('an import that is killed, and whose node is killed, is resumed to the same', async () => {
  const data = folder.path('interrupted')
  let node = await startMemo(data)
  const { grpc } = node.ready
  const begin = () =>
    spawn(process.execPath, [bin, 'import', source.root, '--prefix', 'npm/', '--grpc', grpc], { stdio: 'ignore' })
  const gone = (child: ReturnType<typeof begin>) => {
    return new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)))
  }

  const first = begin()
  const firstGone = gone(first)
  await keysReach(node, source.files / 4)
  first.kill('SIGKILL')
  expect(await firstGone).toBe(null)

  const second = begin()
  const secondGone = gone(second)
  await keysReach(node, source.files / 2)
  await node.kill()
  expect(second.exitCode, 'the import was under way').toBe(null)
  // An import waits a minute for a node that went away: on the same port it finds it again, goes on and ends well.
  node = await startMemo(data, { arguments: ['--grpc', grpc] })
  expect(await secondGone).toBe(0)

  const report = parsed(await memo(node, 'import', source.root, '--prefix', 'npm/')) as Report
  expect(report.copied + (skipsOf(report)['already-there'] ?? 0)).toBe(source.files)
  expect(report.failed).toBe(0)
  expect(skipsOf(report)['already-there']).toBeGreaterThan(source.files / 4)
  await proveWhole(node)
  expect(await node.terminate()).toBe(0)
  expect((await doctorOf(data)).red).toEqual([])
  rmSync(data, { recursive: true })
})

async function keysReach(node: MemoProcess, count: number): Promise<void> {
  for (;;) {
    const health = (await (await fetch(new URL('/health', node.ready.consoleUrl))).json()) as { readonly keys: number }
    if (health.keys >= count) return
    await sleep(50)
  }
}
