// `npm start`: the desktop app where this machine can show one, else the node alone, whose web console has the same screens.
// Arguments are those of `memo run`. With --dev as the first one, sources are built and the node is started again as they change.
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { buildIfNeeded } from './build-if-needed.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const command = join(root, 'bin/memo.js')
const watches = process.argv[2] === '--dev'
const words = process.argv.slice(watches ? 3 : 2)

try {
  await buildIfNeeded()
  if (watches) watch()
  else await start()
} catch (error) {
  process.stderr.write(`memo cannot be started: ${error instanceof Error ? error.message : error}\n`)
  process.exitCode = 1
}

async function start() {
  const found = findDesktop()
  if (found.executable !== undefined) {
    run(found.executable, [root, '--', ...words])
    return
  }
  process.stderr.write(`memo runs without its desktop window, because ${found.reason}. The web console has the same screens.\n`)
  // In this process, so that signals and the terminal are those of the node.
  process.argv.splice(1, process.argv.length, command, 'run', ...words)
  await import(pathToFileURL(command).href)
}

/** The screens are built anew at each change, for the next load of the page; the node starts again at each change of its own. */
function watch() {
  const vite = join(root, 'node_modules/vite/bin/vite.js')
  const quiet = ['--logLevel', 'warn']
  run(process.execPath, [vite, 'build', '--config', 'renderer.config.ts', '--watch', ...quiet])
  run(process.execPath, ['--watch', '--watch-preserve-output', command, 'run', ...words])
}

/** @returns {{ executable: string, reason?: undefined } | { executable?: undefined, reason: string }} */
function findDesktop() {
  const { ELECTRON_OVERRIDE_DIST_PATH: folder, DISPLAY, WAYLAND_DISPLAY } = process.env
  const electron = join(root, 'node_modules/electron')
  const named = join(electron, 'path.txt')
  const name = existsSync(named) ? readFileSync(named, 'utf8').trim() : process.platform === 'win32' ? 'electron.exe' : 'electron'
  const executable = join(folder ?? join(electron, 'dist'), name)
  if (!existsSync(executable)) {
    const where = folder === undefined ? '' : ` in ${folder}`
    return { reason: `Electron's runtime is not installed${where} (npx install-electron fetches it)` }
  }
  if (process.platform !== 'linux') return { executable }
  if (!DISPLAY && !WAYLAND_DISPLAY) return { reason: 'there is no display (DISPLAY and WAYLAND_DISPLAY are empty)' }
  if (process.getuid?.() === 0) return { reason: "Electron's sandbox does not run for the superuser" }
  return { executable }
}

/**
 * @param {string} executable
 * @param {readonly string[]} args
 */
function run(executable, args) {
  const child = spawn(executable, [...args], { cwd: process.cwd(), stdio: 'inherit' })
  // A terminal sends its interrupt to the whole foreground group by itself.
  process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'))
  for (const signal of /** @type {const} */ (['SIGTERM', 'SIGHUP'])) process.on(signal, () => child.kill(signal))
  child.on('error', (error) => {
    process.stderr.write(`memo cannot start ${executable}: ${error.message}\n`)
    process.exitCode = 1
  })
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? 128 + (signal === null ? 0 : constants.signals[signal])
  })
}
