import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { killLeftNodes, startMemo } from '../support/memo-process.ts'

const root = join(import.meta.dirname, '../..')

/** The machine's own Node where it has one beside ours: usually an older one, which must start the project's. */
const otherNode = (process.env.PATH ?? '')
  .split(delimiter)
  .filter((folder) => folder !== '' && !folder.includes('node_modules'))
  .map((folder) => join(folder, 'node'))
  .find(existsSync)

const nodes = [process.execPath, ...(otherNode === undefined ? [] : [otherNode])]
const tooOld = nodes.filter((node) => majorOf(node) < 24)

/** With the word \`count\` it tells the signals that came within a while of the first one. */
const echo = `
const told = []
const counts = process.argv[2] === 'count'
for (const [signal, code] of [['SIGTERM', 7], ['SIGINT', 8], ['SIGHUP', 9]]) {
  process.on(signal, () => {
    told.push(signal)
    if (!counts) process.exit(code)
    if (told.length === 1) setTimeout(() => process.exit(void console.log(told.join(' '))), 1500)
  })
}
console.log(JSON.stringify({ major: Number(process.versions.node.split('.')[0]), pid: process.pid, args: process.argv.slice(2) }))
if (counts || process.argv[2] === 'wait') setInterval(() => {}, 1000)
else process.exitCode = 3
`

describe.each(nodes)('bin/memo.js started by %s', (node) => {
  let folder = ''

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'memo-bin-'))
    mkdirSync(join(folder, 'src/node/cli'), { recursive: true })
    cpSync(join(root, 'bin'), join(folder, 'bin'), { recursive: true })
    cpSync(join(root, 'package.json'), join(folder, 'package.json'))
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
    writeFileSync(join(folder, 'src/node/cli/main.ts'), `const text: string = 'typed'\nif (text === '') throw text\n${echo}`)
  })

  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  function start(args: readonly string[]) {
    return spawn(node, [join(folder, 'bin/memo.js'), ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  }

  test('runs on the Node it needs, with its arguments and its exit code', async () => {
    const child = start(['kv', 'get', '--json', 'a key'])
    const [line] = (await once(child.stdout, 'data')) as [Buffer]
    const [code] = (await once(child, 'close')) as [number]
    expect(JSON.parse(line.toString())).toMatchObject({ args: ['kv', 'get', '--json', 'a key'] })
    expect((JSON.parse(line.toString()) as { major: number }).major).toBeGreaterThanOrEqual(24)
    expect(code).toBe(3)
  })

  test.each([
    ['SIGTERM', 7],
    ['SIGINT', 8],
    ['SIGHUP', 9],
  ] as const)('%s reaches the command, whose exit code is given on', async (signal, expected) => {
    const child = start(['wait'])
    await once(child.stdout, 'data')
    child.kill(signal)
    expect(await once(child, 'close')).toEqual([expected, null])
  })

  test('stays one process where no other Node is needed', async () => {
    const child = start([])
    const [line] = (await once(child.stdout, 'data')) as [Buffer]
    await once(child, 'close')
    const same = (JSON.parse(line.toString()) as { pid: number }).pid === child.pid
    expect(same).toBe(hasNeededMajor(node))
  })

  test.runIf(tooOld.includes(node))(
    'a signal that starter and command both get counts once, and another one of either for itself',
    async () => {
      const child = start(['count'])
      const [line] = (await once(child.stdout, 'data')) as [Buffer]
      const { pid } = JSON.parse(line.toString()) as { readonly pid: number }
      // What a terminal does, and a service manager that ends a whole group.
      child.kill('SIGTERM')
      process.kill(pid, 'SIGTERM')
      process.kill(pid, 'SIGINT')
      child.kill('SIGHUP')
      const [told] = (await once(child.stdout, 'data')) as [Buffer]
      expect(told.toString().trim().split(' ').sort()).toEqual(['SIGHUP', 'SIGINT', 'SIGTERM'])
      expect(await once(child, 'close')).toEqual([0, null])
    },
  )

  test.runIf(tooOld.includes(node))('a command whose starter is killed is told to end', async () => {
    const child = start(['count'])
    await once(child.stdout, 'data')
    child.kill('SIGKILL')
    const [told] = (await once(child.stdout, 'data')) as [Buffer]
    expect(told.toString()).toBe('SIGTERM\n')
    // The pipe is closed by the last who has it.
    expect(await once(child, 'close')).toEqual([null, 'SIGKILL'])
  })

  test('without the package `node` it runs or says what it needs', async () => {
    rmSync(join(folder, 'node_modules'))
    const child = start([])
    let errors = ''
    child.stderr.on('data', (chunk: Buffer) => {
      errors += chunk.toString()
    })
    const [code] = (await once(child, 'close')) as [number]
    const expected = hasNeededMajor(node) ? [3, /^$/] : [1, /^memo needs Node 24 or newer, this is v[\d.]+\n$/]
    expect(code).toBe(expected[0])
    expect(errors).toMatch(expected[1] as RegExp)
  })
})

describe.each(tooOld)('memo run by %s', (node) => {
  let folder = ''

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'memo-bin-'))
  })

  afterAll(() => {
    killLeftNodes()
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  })

  test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
    '%s to the starter stops the node in order and waits for it',
    async (signal) => {
      const data = join(folder, signal)
      const memo = await startMemo(data, { node })
      expect(memo.ready.pid).not.toBe(memo.child.pid)
      memo.child.kill(signal)
      const [code] = (await once(memo.child, 'exit')) as [number | null]
      expect([code, isAlive(memo.ready.pid), existsSync(join(data, 'running.json'))]).toEqual([0, false, false])
      expect(memo.log()).toMatch(new RegExp(`"signal":"${signal}"`))
    },
  )

  test('a node whose starter is killed stops in order, and its directory is free for the next', async () => {
    const data = join(folder, 'left')
    const memo = await startMemo(data, { node })
    // Resolves when the last who writes to the log is gone, which is the node.
    await memo.kill()
    expect(existsSync(join(data, 'running.json'))).toBe(false)
    expect(memo.log()).toMatch(/"msg":"node stopped"/)
    const next = await startMemo(data)
    expect(await next.terminate()).toBe(0)
  })
})

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

function hasNeededMajor(node: string): boolean {
  return majorOf(node) >= 24
}

function majorOf(node: string): number {
  return Number(spawnSync(node, ['--print', 'process.versions.node'], { encoding: 'utf8' }).stdout.split('.')[0])
}
