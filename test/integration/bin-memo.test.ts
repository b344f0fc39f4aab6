import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')

/** The machine's own Node where it has one beside ours: usually an older one, which must start the project's. */
const otherNode = (process.env.PATH ?? '')
  .split(delimiter)
  .filter((folder) => folder !== '' && !folder.includes('node_modules'))
  .map((folder) => join(folder, 'node'))
  .find(existsSync)

const nodes = [process.execPath, ...(otherNode === undefined ? [] : [otherNode])]

const echo = `
process.on('SIGTERM', () => process.exit(7))
process.on('SIGINT', () => process.exit(8))
console.log(JSON.stringify({ major: Number(process.versions.node.split('.')[0]), pid: process.pid, args: process.argv.slice(2) }))
if (process.argv[2] === 'wait') setInterval(() => {}, 1000)
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
    expect(same).toBe(await hasNeededMajor(node))
  })

  test('without the package `node` it runs or says what it needs', async () => {
    rmSync(join(folder, 'node_modules'))
    const child = start([])
    let errors = ''
    child.stderr.on('data', (chunk: Buffer) => {
      errors += chunk.toString()
    })
    const [code] = (await once(child, 'close')) as [number]
    const expected = (await hasNeededMajor(node)) ? [3, /^$/] : [1, /^memo needs Node 24 or newer, this is v[\d.]+\n$/]
    expect(code).toBe(expected[0])
    expect(errors).toMatch(expected[1] as RegExp)
  })
})

async function hasNeededMajor(node: string): Promise<boolean> {
  const child = spawn(node, ['--print', 'process.versions.node'], { stdio: ['ignore', 'pipe', 'ignore'] })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  await once(child, 'close')
  return Number(line.toString().split('.')[0]) >= 24
}
