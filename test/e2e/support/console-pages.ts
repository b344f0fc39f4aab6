import { PassThrough, Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import type { Browser, Page } from 'playwright'
import { chromium } from 'playwright'
import { consoleCommand } from '../../../src/node/cli/commands/console-command.ts'
import { findChromium } from '../../support/find-chromium.ts'
import { say } from './words.ts'

export const viewport = { width: 1280, height: 800 }

export async function launchChromium(): Promise<Browser> {
  const { executablePath, args, env } = await findChromium()
  return await chromium.launch({ executablePath, args: [...args], env: { ...definedEnvironment(), ...env } })
}

function definedEnvironment(): Record<string, string> {
  return Object.fromEntries(Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined))
}

/** A link of the console that works once: what `memo console` prints, without a process for it. */
export async function consoleLink(data: string): Promise<string> {
  const stdout = new PassThrough()
  const io = {
    ...{ stdin: Readable.from([]), stdout, stderr: process.stderr, environment: {}, version: '' },
    signal: new AbortController().signal,
    setExitCode: () => undefined,
  }
  await consoleCommand(io).parseAsync(['--data', data, '--json'], { from: 'user' })
  stdout.end()
  return (JSON.parse(await text(stdout)) as { readonly url: string }).url
}

/** The shell is there, which it is only with a session. */
export async function isIn(page: Page): Promise<void> {
  await page.getByRole('navigation', { name: say.shell('navLabel') }).waitFor()
}

type PageName = 'overview' | 'keys' | 'activity' | 'connect' | 'settings'

/** Their code is there, which is fetched ahead of time. */
export async function pagesFetched(page: Page, names: readonly PageName[]): Promise<void> {
  await page.waitForFunction(
    (wanted) => {
      const fetched = performance.getEntriesByType('resource').map(({ name }) => name)
      return wanted.every((each) => fetched.some((name) => name.includes(`/${each}-page-`)))
    },
    [...names],
  )
}

/** By the navigation, as a person goes. */
export async function goTo(page: Page, name: PageName): Promise<void> {
  const title = say.shell(name)
  await page
    .getByRole('navigation', { name: say.shell('navLabel') })
    .getByRole('link', { name: title, exact: true })
    .click()
  await page.getByRole('heading', { level: 1, name: title }).waitFor()
}
