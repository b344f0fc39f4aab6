import type { Browser, Page } from 'playwright'
import { chromium } from 'playwright'
import { findChromium } from '../../support/find-chromium.ts'
import { runMemo } from '../../support/memo-process.ts'
import { say } from './words.ts'

export const viewport = { width: 1280, height: 800 }

export async function launchChromium(): Promise<Browser> {
  const { executablePath, args, env } = await findChromium()
  return await chromium.launch({ executablePath, args: [...args], env: { ...definedEnvironment(), ...env } })
}

function definedEnvironment(): Record<string, string> {
  return Object.fromEntries(Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined))
}

/** A link of the console that works once, as a person gets it. */
export async function consoleLink(data: string): Promise<string> {
  const { code, stdout, stderr } = await runMemo(['console', '--data', data, '--json'])
  if (code !== 0) throw new Error(stderr)
  return (JSON.parse(stdout.toString()) as { readonly url: string }).url
}

/** The shell is there, which it is only with a session. */
export async function isIn(page: Page): Promise<void> {
  await page.getByRole('navigation', { name: say.shell('navLabel') }).waitFor()
}

/** By the navigation, as a person goes. */
export async function goTo(page: Page, name: 'overview' | 'keys' | 'activity' | 'connect' | 'settings'): Promise<void> {
  const title = say.shell(name)
  await page
    .getByRole('navigation', { name: say.shell('navLabel') })
    .getByRole('link', { name: title, exact: true })
    .click()
  await page.getByRole('heading', { level: 1, name: title }).waitFor()
}
