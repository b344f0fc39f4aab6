// Builds the app (main, node, preload, screens) where a source is newer than what was built, and says nothing where none is.
// Usage: node scripts/build-if-needed.mjs. In an installed package, which has no sources, there is nothing to build.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const sources = ['src', 'protos', 'resources', 'electron.vite.config.ts', 'renderer.config.ts', 'package-lock.json']
const results = ['out/main/cli.js', 'out/main/index.js', 'out/main/node.js', 'out/preload/index.cjs', 'out/renderer/index.html']

export function isBuilt() {
  if (!existsSync(join(root, 'src'))) return true
  const times = results.map((path) => changedMs(join(root, path)))
  return times.every((builtMs) => builtMs !== undefined) && newestOf(sources) <= Math.min(...times.map(Number))
}

/** Resolves when everything is built; rejects when that fails. */
export async function buildIfNeeded() {
  if (isBuilt()) return
  process.stderr.write('Building the app ...\n')
  const tool = join(root, 'node_modules/electron-vite/bin/electron-vite.js')
  // What the build has to say is no output of the program that is started after it.
  const child = spawn(process.execPath, [tool, 'build', '--logLevel', 'error'], { cwd: root, stdio: ['ignore', 2, 2] })
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error(`the build failed with code ${code}`)
}

/** @param {readonly string[]} paths */
function newestOf(paths) {
  return Math.max(...paths.flatMap((path) => filesAt(join(root, path))).map((file) => changedMs(file) ?? 0))
}

/** @param {string} path @returns {string[]} */
function filesAt(path) {
  if (!existsSync(path)) return []
  if (!statSync(path).isDirectory()) return [path]
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.tsbuildinfo'))
    .map((entry) => join(entry.parentPath, entry.name))
}

/** @param {string} path */
function changedMs(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildIfNeeded()
