import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium } from 'playwright'

/** A Chromium that runs on this machine, and how it has to be started. */
export interface FoundChromium {
  readonly executablePath: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

const systemPaths = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/snap/bin/chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
]

/** Chromium refuses its sandbox to the superuser, and to nobody else: the flag is given then only. */
const sandboxArgs = process.getuid?.() === 0 ? ['--no-sandbox'] : []

let found: Promise<FoundChromium> | undefined

/** Suites are never skipped for want of one. */
export function findChromium(): Promise<FoundChromium> {
  found ??= chooseChromium(process.env.CHROMIUM, [chromium.executablePath(), ...systemPaths])
  return found
}

/** The path in CHROMIUM, else the first that is there of Playwright's own and the system's, else the one that is packaged on npm. */
export async function chooseChromium(named: string | undefined, paths: readonly string[]): Promise<FoundChromium> {
  if (named !== undefined && named !== '') {
    if (existsSync(named)) return installed(named)
    throw new Error(`CHROMIUM names ${named}, where nothing is`)
  }
  const path = paths.find((each) => each !== '' && existsSync(each))
  return path === undefined ? await packaged() : installed(path)
}

function installed(executablePath: string): FoundChromium {
  return { executablePath, args: [...sandboxArgs, '--disable-gpu', '--disable-dev-shm-usage'], env: {} }
}

/** It unpacks itself into the temporary folder, with the libraries that a bare system lacks. Its own defaults would switch off web security. */
async function packaged(): Promise<FoundChromium> {
  process.env.AWS_EXECUTION_ENV ??= 'AWS_Lambda_nodejs22.x'
  const { default: bundle } = await import('@sparticuz/chromium')
  const executablePath = await bundle.executablePath()
  const libraries = join(tmpdir(), 'al2023/lib')
  return {
    executablePath,
    args: ['--no-sandbox', '--headless=shell', '--no-zygote', '--disable-gpu', '--disable-dev-shm-usage'],
    env: { LD_LIBRARY_PATH: [libraries, process.env.LD_LIBRARY_PATH].filter(Boolean).join(':') },
  }
}
