#!/usr/bin/env node
// Starts the command line on Node 24: on the Node that runs this file where it is new enough, in the same process, else on the one
// that the package `node` brings, as a child. The child is told of the signals of its starter, ends with it, and gives its exit code.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const neededMajor = 24
const self = fileURLToPath(import.meta.url)
const root = dirname(dirname(self))
const signals = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])

/** Set for the child alone, which takes it away: its channel leads to a starter that waits for it. */
const starterVariable = 'MEMO_STARTER'
/** A terminal and a service manager tell starter and child alike: what comes to both within these times counts once. */
const sameSignalBeforeMs = 1000
const sameSignalAfterMs = 200

if (Number(process.versions.node.split('.')[0]) >= neededMajor) {
  if (process.env[starterVariable] !== undefined) obeyStarter()
  await import(pathToFileURL(findEntry()).href)
} else runOn(findNode())

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
  const child = spawn(binary, [...process.execArgv, self, ...process.argv.slice(2)], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, [starterVariable]: String(process.pid) },
  })
  for (const signal of signals) {
    process.on(signal, () => {
      // Who cannot be told any more is ending, or is told by the system.
      if (child.connected) child.send({ signal }, () => {})
      else child.kill(signal)
    })
  }
  child.on('error', (error) => fail(`memo cannot start ${binary}: ${error.message}`))
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? 128 + (signal === null ? 0 : constants.signals[signal])
  })
}

/** What the starter is told counts as told to this process, and its end as a SIGTERM: nobody else would ever stop a command that it left behind. */
function obeyStarter() {
  delete process.env[starterVariable]
  if (process.send === undefined) return
  if (!process.connected) process.exit(exitCodeAfter('SIGTERM'))
  /** When this process itself got a signal, by its name. */
  const own = new Map()
  let obeying = false
  let isEnding = false
  for (const signal of signals) {
    process.on(signal, () => {
      isEnding = true
      if (!obeying) own.set(signal, performance.now())
      // As without this listener, while the command has none of its own.
      if (process.listenerCount(signal) === 1) process.exit(exitCodeAfter(signal))
    })
  }
  /** @param {typeof signals[number]} signal */
  const obey = (signal) => {
    obeying = true
    process.emit(signal, signal)
    obeying = false
  }
  process.on('message', (/** @type {{ signal: typeof signals[number] }} */ { signal }) => {
    const toldMs = performance.now()
    const look = () => {
      if ((own.get(signal) ?? Number.NEGATIVE_INFINITY) < toldMs - sameSignalBeforeMs) obey(signal)
    }
    setTimeout(look, sameSignalAfterMs).unref()
  })
  process.on('disconnect', () => {
    if (!isEnding) obey('SIGTERM')
  })
  process.channel?.unref()
}

/** @param {typeof signals[number]} signal */
function exitCodeAfter(signal) {
  return 128 + constants.signals[signal]
}

/** @param {string} message */
function fail(message) {
  process.stderr.write(`${message}\n`)
  process.exitCode = 1
}
