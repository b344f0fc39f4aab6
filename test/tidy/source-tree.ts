import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative, sep } from 'node:path'

export const root = join(import.meta.dirname, '../..')

const notOurs = new Set([
  'node_modules',
  '.git',
  'out',
  'dist',
  '.tsbuild',
  'coverage',
  'test-results',
  'playwright-report',
  'data',
])

/** Paths of our own files below `folder`, with slashes and relative to the root; generated code only when asked for. */
export function filesUnder(folder: string, { generated = false } = {}): string[] {
  const found: string[] = []
  const visit = (path: string): void => {
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      if (notOurs.has(entry.name) || (entry.name === 'generated' && !generated)) continue
      const child = join(path, entry.name)
      if (entry.isDirectory()) visit(child)
      else if (entry.isFile()) found.push(relative(root, child).split(sep).join('/'))
    }
  }
  visit(join(root, folder))
  return found.sort()
}

export function readText(path: string): string {
  return readFileSync(join(root, path), 'utf8')
}

/** A tool of node_modules/.bin, run by the Node that runs the tests. */
export function runTool(
  name: string,
  args: readonly string[],
  folder: string = root,
): { status: number; output: string; errors: string } {
  const path = `${join(root, 'node_modules/.bin')}:${process.env.PATH}`
  const result = spawnSync(join(root, 'node_modules/.bin', name), args, {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, PATH: path, NO_COLOR: '1' },
    maxBuffer: 64 * 1024 * 1024,
  })
  if (result.error) throw result.error
  return { status: result.status ?? -1, output: result.stdout, errors: result.stderr }
}

/** A folder that has our configuration and packages and nothing but planted sources. */
export function plantedFolder(
  configuration: readonly string[],
  sources: Readonly<Record<string, string>>,
): { path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), 'memo-tidy-'))
  for (const file of configuration) cpSync(join(root, file), join(path, file), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(path, 'node_modules'))
  for (const [file, text] of Object.entries(sources)) {
    mkdirSync(dirname(join(path, file)), { recursive: true })
    writeFileSync(join(path, file), text)
  }
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}
