#!/usr/bin/env node
// Starts the command line on Node 24: on the Node that runs this file where it is new enough, in the same process,
// else on the one that the package `node` brings, as a child that gets the signals and gives its exit code.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const neededMajor = 24
const self = fileURLToPath(import.meta.url)
const root = dirname(dirname(self))

if (Number(process.versions.node.split('.')[0]) >= neededMajor) await import(pathToFileURL(findEntry()).href)
else runOn(findNode())

function findEntry() {
  const source = join(root, 'src/node/cli/main.ts')
  return existsSync(source) ? source : join(root, 'out/main/cli.js')
}

function findNode() {
  try {
    const folder = dirname(createRequire(import.meta.url).resolve('node/package.json'))
    const binary = join(folder, 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
    return existsSync(binary) ? binary : undefined
  } catch {
    return undefined
  }
}

/** @param {string | undefined} binary */
function runOn(binary) {
  if (binary === undefined) {
    fail(`memo needs Node ${neededMajor} or newer, this is ${process.version}`)
    return
  }
  const child = spawn(binary, [...process.execArgv, self, ...process.argv.slice(2)], { stdio: 'inherit' })
  // A terminal sends its interrupt to the whole foreground group: forwarding it too would count as a second one.
  const onTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY
  process.on('SIGINT', () => onTerminal || child.kill('SIGINT'))
  for (const signal of /** @type {const} */ (['SIGTERM', 'SIGHUP'])) process.on(signal, () => child.kill(signal))
  child.on('error', (error) => fail(`memo cannot start ${binary}: ${error.message}`))
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? 128 + (signal === null ? 0 : constants.signals[signal])
  })
}

/** @param {string} message */
function fail(message) {
  process.stderr.write(`${message}\n`)
  process.exitCode = 1
}
