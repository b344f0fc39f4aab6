import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { errorOf, parsed, testFolder, testNode } from './cli-bed.ts'

const bin = join(import.meta.dirname, '../../../bin/memo.js')
const folder = testFolder()
const node = testNode(folder)

interface Report {
  readonly copied: number
  readonly copiedBytes: number
  readonly skipped: number
  readonly failed: number
  readonly skips: readonly { readonly reason: string; readonly count: number }[]
}

async function transfer(...args: string[]): Promise<Report> {
  return parsed(await node.memo([...args, '--json'])) as Report
}

/** Of a command that says by its exit code that values were left out. */
async function leavingOut(...args: string[]): Promise<Report> {
  const { code, stdout } = await node.memo([...args, '--json'])
  expect(code).toBe(1)
  return JSON.parse(stdout.toString())
}

function skips(report: Report): Record<string, number> {
  return Object.fromEntries(report.skips.map(({ reason, count }) => [reason, count]))
}

/** Contents of all regular files below a folder, by their names as bytes. */
function contents(root: string): Map<string, string> {
  const found = new Map<string, string>()
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || entry.name.includes('\ufffd')) continue // a name that is not UTF-8 is skipped by the command, too
    const path = join(entry.parentPath, entry.name)
    found.set(relative(root, path), readFileSync(path).toString('base64'))
  }
  return found
}

function makeOddFolder(root: string): void {
  const names = [
    'plain.txt',
    'with space',
    'ünïcode/日本語 ✓.txt',
    'a-b',
    'a.d/x',
    'a/b',
    'a/b-c',
    'deep/1/2/3/4/5/file',
    '-dash',
    '%41',
    'new\nline',
    'back\\slash',
    'quote"\'`$',
  ]
  for (const [index, name] of names.entries()) {
    mkdirSync(join(root, name, '..'), { recursive: true })
    writeFileSync(join(root, name), `${name} ${'x'.repeat(index * 1000)}`)
  }
  writeFileSync(join(root, 'empty'), '')
  writeFileSync(join(root, 'large.bin'), Buffer.alloc(3 * 1024 * 1024 + 5, 'abcdefg'))
  writeFileSync(join(root, 'exact-chunk.bin'), Buffer.alloc(1024 * 1024, 7))
  mkdirSync(join(root, 'nothing-in-it'))
}

describe('a folder with odd names', () => {
  test('is imported, skipped when it is there, and exported byte for byte', async () => {
    const source = folder.path('odd')
    makeOddFolder(source)
    const files = contents(source)
    symlinkSync('plain.txt', join(source, 'link'))
    symlinkSync('a', join(source, 'link-to-folder'))
    const unfit = process.platform === 'linux'
    if (unfit) writeFileSync(Buffer.concat([Buffer.from(`${source}/bad-`), Buffer.from([0xff, 0xfe])]), 'x')

    const take = unfit ? leavingOut : transfer
    const first = await take('import', source, '--prefix', 'odd/')
    expect(first).toMatchObject({ copied: files.size, failed: 0 })
    expect(skips(first)).toEqual({ 'symbolic-link': 2, ...(unfit && { 'name-not-utf8': 1 }) })
    const second = await take('import', source, '--prefix', 'odd/')
    expect(second.copied).toBe(0)
    expect(skips(second)['already-there']).toBe(files.size)

    writeFileSync(join(source, 'plain.txt'), 'PLAIN.TXT ')
    writeFileSync(join(source, 'large.bin'), Buffer.alloc(3 * 1024 * 1024 + 5, 'abcdefh'))
    expect((await take('import', source, '--prefix', 'odd/')).copied).toBe(2)

    const target = folder.path('odd-back')
    expect((await transfer('export', target, '--prefix', 'odd/')).copied).toBe(files.size)
    rmSync(join(source, 'link-to-folder')) // which listing a folder here would follow
    const expected = contents(source)
    expect(contents(target)).toEqual(expected)
    writeFileSync(join(target, 'empty'), 'not empty')
    writeFileSync(join(target, 'large.bin'), Buffer.alloc(3 * 1024 * 1024 + 5, 'z'))
    const again = await transfer('export', target, '--prefix', 'odd/')
    expect([again.copied, skips(again)['already-there']]).toEqual([2, files.size - 2])
    expect(contents(target)).toEqual(expected)
  })

  test('goes through NDJSON, large values in parts', async () => {
    await node.memo(['kv', 'put', 'nd/small', 'small', '--content-type', 'text/plain'])
    const large = Buffer.alloc(13 * 1024 * 1024, 'large value ')
    await node.memo(['kv', 'put', 'nd/large', '-'], large)
    await node.memo(['kv', 'put', 'nd/empty', ''])
    const file = folder.path('nd.ndjson')
    expect(await transfer('export', file, '--prefix', 'nd/')).toMatchObject({ copied: 3, copiedBytes: large.length + 5 })
    const lines = readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { key: string; part?: number; contentType?: string })
    expect(lines.map(({ key, part }) => [key, part])).toEqual([
      ['empty', undefined],
      ['large', 1],
      ['large', 2],
      ['small', undefined],
    ])
    expect(await transfer('import', file, '--prefix', 'nd2/')).toMatchObject({ copied: 3 })
    expect(skips(await transfer('import', file, '--prefix', 'nd2/'))).toEqual({ 'already-there': 3 })
    expect((await node.memo(['kv', 'get', 'nd2/large'])).stdout.equals(large)).toBe(true)
    expect(parsed(await node.memo(['kv', 'stat', 'nd2/small', '--json']))).toMatchObject({ contentType: 'text/plain' })

    const piped = await node.memo(['export', '-', '--prefix', 'nd/'])
    expect(piped.stdout.equals(readFileSync(file))).toBe(true)
    expect(parsed(await node.memo(['import', '-', '--prefix', 'nd3/', '--json'], piped.stdout))).toMatchObject({ copied: 3 })
    expect((await node.memo(['kv', 'get', 'nd3/large'])).stdout.equals(large)).toBe(true)
  })

  test('goes through NDJSON also where one of its keys is the prefix itself', async () => {
    for (const name of ['', 'a']) await node.memo(['kv', 'put', `mark/${name}`, `value of ${name}`])
    const file = folder.path('mark.ndjson')
    expect(await transfer('export', file, '--prefix', 'mark/')).toMatchObject({ copied: 2 })
    for (const name of ['', 'a']) await node.memo(['kv', 'rm', `mark/${name}`])
    expect(await transfer('import', file, '--prefix', 'mark/')).toMatchObject({ copied: 2, leftOut: 0 })
    expect(skips(await transfer('import', file, '--prefix', 'mark/'))).toEqual({ 'already-there': 2 })
    expect((await node.memo(['kv', 'get', 'mark/'])).stdout.toString()).toBe('value of ')

    const piped = await node.memo(['import', '-', '--prefix', 'mark2/', '--json'], readFileSync(file))
    expect([piped.code, parsed(piped)]).toEqual([0, expect.objectContaining({ copied: 2 })])
    expect(skips(await leavingOut('import', file))).toEqual({ 'key-empty': 1 })
    await node.memo(['kv', 'rm', 'a'])
  })

  test('of several lines with one key keeps the last, however often it is imported', async () => {
    const lineOf = (value: Buffer) => `${JSON.stringify({ key: 'k', value: value.toString('base64') })}\n`
    const [first, last] = [Buffer.from('first'), Buffer.from('final')]
    const large = Buffer.alloc(3 * 1024 * 1024, 'a')
    for (const [name, values] of Object.entries({ small: [first, last], large: [large, last], growing: [first, last, large] })) {
      const file = folder.path(`${name}.ndjson`)
      writeFileSync(file, values.map(lineOf).join(''))
      for (let run = 0; run < 3; run++) {
        await transfer('import', file, '--prefix', `${name}/`)
        await node.memo(['import', '-', '--prefix', `piped-${name}/`], readFileSync(file))
        for (const prefix of [name, `piped-${name}`]) {
          const { stdout } = await node.memo(['kv', 'get', `${prefix}/k`])
          expect(stdout.equals(values.at(-1) ?? first), `${prefix}, run ${run}`).toBe(true)
        }
      }
    }
  })

  test('brings a content type back that the bytes came without', async () => {
    await node.memo(['kv', 'put', 'typed/a', 'x'])
    const file = folder.path('typed.ndjson')
    writeFileSync(file, `${JSON.stringify({ key: 'a', value: 'eA==', contentType: 'text/plain' })}\n`)
    expect((await transfer('import', file, '--prefix', 'typed/')).copied).toBe(1)
    expect(parsed(await node.memo(['kv', 'stat', 'typed/a', '--json']))).toMatchObject({ contentType: 'text/plain' })
    expect(skips(await transfer('import', file, '--prefix', 'typed/'))).toEqual({ 'already-there': 1 })
  })

  test('that leaves values out says so by its exit code', async () => {
    const line = JSON.stringify({ key: 'a', value: 'YQ==' })
    const file = folder.path('long.ndjson')
    writeFileSync(file, `${line}\n`)
    expect(await leavingOut('import', file, '--prefix', 'p'.repeat(4096))).toMatchObject({ copied: 0, leftOut: 1 })
  })

  test.each([
    ['not JSON', 'line 2 cannot be imported: it is not JSON'],
    ['{"key":"a"}', 'it has no value'],
    ['{"key":"a","value":"**"}', 'not base64'],
    ['{"key":"a","value":"YQ==","part":2}', 'no beginning'],
    ['{"key":"a","value":"YQ==","part":1,"size":2}', 'part 2 of a large value is missing'],
  ])('a bad line %s is named', async (line, expected) => {
    const result = await node.memo(['import', '-', '--json'], `{"key":"fine","value":"YQ=="}\n${line}\n`)
    expect([result.code, errorOf(result).code]).toEqual([2, 'invalid-argument'])
    expect(errorOf(result).message).toContain(expected)
    // What stands before it is stored, and the report says so.
    expect(JSON.parse(result.stdout.toString())).toMatchObject({ copied: 1 })
    expect((await node.memo(['kv', 'rm', 'fine'])).code).toBe(0)
  })
})

describe('export never leaves its target', () => {
  /** The report of an export that leaves values out, which is no success. */
  async function incomplete(target: string, prefix: string): Promise<Report> {
    const { code, stdout } = await node.memo(['export', target, '--prefix', prefix, '--json'])
    const report = JSON.parse(stdout.toString()) as Report & { readonly leftOut: number }
    const skipped = Object.values(skips(report)).reduce((sum, count) => sum + count, 0)
    expect([code, report.leftOut]).toEqual([1, skipped])
    return report
  }

  test('names that would are skipped and counted', async () => {
    for (const key of [
      'e/../outside',
      'e//x',
      'e/ok',
      'e/ok/below',
      'e/./x',
      'e//abs',
      'e/',
      'e/trailing/',
      `e/${'n'.repeat(256)}`,
      'e/.memo-export-partial/x',
      'e/ok-too',
    ]) {
      await node.memo(['kv', 'put', key, key])
    }
    const target = folder.path('escape/target')
    const report = await incomplete(target, 'e/')
    expect([...contents(folder.path('escape')).keys()].sort()).toEqual(['target/ok', 'target/ok-too'])
    expect(skips(report)).toEqual({
      'name-escapes-folder': 4,
      'name-not-possible': 2,
      'file-folder-collision': 1,
      'name-too-long': 1,
      'reserved-name': 1,
    })
  })

  test('links in the target are not followed', async () => {
    await node.memo(['kv', 'put', 's/dir/file', 'new'])
    await node.memo(['kv', 'put', 's/direct', 'new'])
    const target = folder.path('linked')
    mkdirSync(target)
    mkdirSync(folder.path('elsewhere'))
    writeFileSync(folder.path('elsewhere/direct'), 'old')
    symlinkSync(folder.path('elsewhere'), join(target, 'dir'))
    symlinkSync(folder.path('elsewhere/direct'), join(target, 'direct'))
    const report = await incomplete(target, 's/')
    expect(skips(report)).toEqual({ 'link-in-the-way': 2 })
    expect(contents(folder.path('elsewhere'))).toEqual(new Map([['direct', Buffer.from('old').toString('base64')]]))
  })
})

describe('interrupted and resumed', () => {
  const fileCount = 3000
  const source = () => folder.path('many')

  function makeMany(): void {
    if (existsSync(source())) return
    for (let index = 0; index < fileCount; index++) {
      const path = join(source(), `d${index % 20}`, `file ${index}`)
      mkdirSync(join(path, '..'), { recursive: true })
      writeFileSync(path, `content ${index} `.repeat(1 + (index % 200)))
    }
    writeFileSync(join(source(), 'big'), Buffer.alloc(20 * 1024 * 1024, 'big'))
  }

  async function startImport(prefix: string) {
    const child = spawn(
      process.execPath,
      [bin, 'import', source(), '--prefix', prefix, '--grpc', node.process().ready.grpc, '--json'],
      { stdio: 'ignore' },
    )
    const exited = once(child, 'exit')
    for (;;) {
      const listed = await node.memo(['kv', 'ls', prefix, '--limit', '100'])
      if (listed.stdout.toString().split('\n').length > 50 || child.exitCode !== null) break
      await sleep(5)
    }
    return { child, exited }
  }

  async function resumeAndCompare(prefix: string): Promise<void> {
    const report = await transfer('import', source(), '--prefix', prefix)
    expect(report.copied + (skips(report)['already-there'] ?? 0)).toBe(fileCount + 1)
    const target = folder.path(`back-${prefix.replace('/', '')}`)
    await transfer('export', target, '--prefix', prefix)
    expect(contents(target)).toEqual(contents(source()))
    rmSync(target, { recursive: true })
  }

  test('kill -9 of the command', async () => {
    makeMany()
    const { child, exited } = await startImport('killed-cli/')
    child.kill('SIGKILL')
    await exited
    await resumeAndCompare('killed-cli/')
  }, 120_000)

  test('kill -9 of the node', async () => {
    makeMany()
    const { child, exited } = await startImport('killed-node/')
    await node.restart()
    child.kill('SIGKILL') // its node came back on another port
    await exited
    await resumeAndCompare('killed-node/')
  }, 120_000)

  test('kill -9 of an export leaves no half file under a name', async () => {
    makeMany()
    await transfer('import', source(), '--prefix', 'exported/')
    const target = folder.path('half')
    const child = spawn(
      process.execPath,
      [bin, 'export', target, '--prefix', 'exported/', '--grpc', node.process().ready.grpc, '-q'],
      { stdio: 'ignore' },
    )
    const exited = once(child, 'exit')
    while (child.exitCode === null && !(existsSync(join(target, 'd0')) && readdirSync(join(target, 'd0')).length > 3))
      await sleep(2)
    child.kill('SIGKILL')
    await exited
    for (const [name, content] of contents(target)) {
      if (!name.startsWith('.memo-export-partial')) expect(readFileSync(join(source(), name)).toString('base64')).toBe(content)
    }
    await transfer('export', target, '--prefix', 'exported/')
    expect(contents(target)).toEqual(contents(source()))
    expect(existsSync(join(target, '.memo-export-partial'))).toBe(false)
    expect(statSync(join(target, 'big')).size).toBe(20 * 1024 * 1024)
  }, 120_000)
})
