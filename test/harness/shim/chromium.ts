import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser, BrowserContext } from 'playwright'
import { chromium } from 'playwright'
import { findChromium } from '../../support/find-chromium.ts'
import { chromiumPidFile, harnessFolder } from './harness-folder.ts'

const startTimeoutMs = 30_000

interface Running {
  readonly browser: Browser
  readonly context: BrowserContext
  /** Where tests connect to look at the same pages. */
  readonly endpoint: string
  readonly child: ChildProcess
}

let running: Promise<Running> | undefined

/** The one Chromium of this process, started with the first window. */
export function openChromium(): Promise<Running> {
  running ??= start()
  return running
}

export async function closeChromium(): Promise<void> {
  if (running === undefined) return
  const { browser, child } = await running
  const gone = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : Promise.resolve()
  await browser.close().catch(() => undefined)
  child.kill('SIGKILL')
  await gone
  rmSync(join(harnessFolder(), chromiumPidFile), { force: true })
}

async function start(): Promise<Running> {
  const { executablePath, args, env } = await findChromium()
  const profile = join(harnessFolder(), 'chromium')
  mkdirSync(profile, { recursive: true })
  const headless = args.some((each) => each.startsWith('--headless')) ? [] : ['--headless=new']
  const child = spawn(
    executablePath,
    [
      ...args,
      ...headless,
      '--remote-debugging-port=0',
      `--user-data-dir=${profile}`,
      '--no-first-run',
      '--hide-scrollbars',
      'about:blank',
    ],
    { stdio: 'ignore', env: { ...process.env, ...env } },
  )
  // Chromium must not outlive the harness; where that is killed itself, its test ends the process of this number.
  process.on('exit', () => child.kill('SIGKILL'))
  writeFileSync(join(harnessFolder(), chromiumPidFile), String(child.pid))
  const endpoint = await endpointOf(child, join(profile, 'DevToolsActivePort'))
  const browser = await chromium.connectOverCDP(endpoint)
  const [context] = browser.contexts()
  if (context === undefined) throw new Error('Chromium has no context')
  return { browser, context, endpoint, child }
}

async function endpointOf(child: ChildProcess, file: string): Promise<string> {
  const deadline = Date.now() + startTimeoutMs
  while (Date.now() < deadline) {
    const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []
    if (lines.length >= 2 && lines[1] !== '') return `ws://127.0.0.1:${lines[0]}${lines[1]}`
    if (child.exitCode !== null) throw new Error(`Chromium ended with code ${child.exitCode}`)
    await sleep(20)
  }
  throw new Error('Chromium did not say where it can be reached')
}
