import { chromium } from 'playwright'
import { describe, expect, test } from 'vitest'
import { chooseChromium } from '../support/find-chromium.ts'

const here = process.execPath

describe('the browser of the suites', () => {
  test('is the one that CHROMIUM names, and nothing else where that is not there', async () => {
    expect(await chooseChromium(here, ['/bin/sh'])).toMatchObject({ executablePath: here, env: {} })
    await expect(chooseChromium('/nowhere/chromium', [here])).rejects.toThrow('/nowhere/chromium')
  })

  test('is the first that is installed', async () => {
    expect(await chooseChromium(undefined, ['', '/nowhere/chromium', here, '/bin/sh'])).toMatchObject({ executablePath: here })
    expect(await chooseChromium('', [here])).toMatchObject({ executablePath: here })
  })

  const packagedRuns = process.platform === 'linux' && process.arch === 'x64'
  test.runIf(packagedRuns)('is unpacked from its npm package where none is installed, and runs', async () => {
    const { executablePath, args, env } = await chooseChromium(undefined, ['/nowhere/chromium'])
    expect(args.join(' ')).not.toMatch(/disable-web-security|single-process/)
    const browser = await chromium.launch({
      executablePath,
      args: [...args],
      env: { ...(process.env as Record<string, string>), ...env },
    })
    try {
      const page = await browser.newPage()
      await page.setContent('<h1>it runs</h1>')
      expect(await page.getByRole('heading').textContent()).toBe('it runs')
    } finally {
      await browser.close()
    }
  })
})
