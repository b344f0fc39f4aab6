import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import type { Page } from 'playwright'
import { expect, test } from 'vitest'
import { AppFolder } from '../integration/desktop/desktop-bed.ts'
import { ScreensBed } from './support/screens.ts'
import { say } from './support/words.ts'

const bed = new ScreensBed()

const shows = (page: Page, title: string) => page.getByRole('heading', { level: 1, name: title }).waitFor()
const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click()
const runs = (page: Page) => page.getByRole('navigation', { name: say.shell('navLabel') }).waitFor()

test('a taken port: what is in the way is named, and a free port is one click away', async () => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port: 0 }, resolve))
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  try {
    const { watched } = await bed.startDesktop(['--grpc', `127.0.0.1:${port}`])
    const { page } = watched
    await shows(page, say.shell('failedPort'))
    await page.getByText(String(port)).first().waitFor()
    await press(page, say.shell('startFreePort'))
    await runs(page)
  } finally {
    server.close()
  }
})

test('a store that another node has open: try again when that one is stopped', async () => {
  const folder = new AppFolder()
  const other = await bed.startNode([], folder.data)
  const { watched } = await bed.startDesktop(undefined, folder)
  await shows(watched.page, say.shell('failedLocked'))
  await other.terminate()
  await press(watched.page, say.shell('retry'))
  await runs(watched.page)
})

test('a store of a newer memo: it is left alone, and another folder is used', async () => {
  const folder = new AppFolder()
  mkdirSync(folder.data)
  writeFileSync(join(folder.data, 'FORMAT'), `${JSON.stringify({ format: 99, madeBy: 'memo 9.0.0' })}\n`)
  const { app, watched } = await bed.startDesktop(undefined, folder)
  await shows(watched.page, say.shell('failedNewer'))
  await app.ask('answer', { directory: join(folder.path, 'elsewhere') })
  await press(watched.page, say.shell('startElsewhere'))
  await runs(watched.page)
})

test('a disk without room: its folder can be shown, and a start follows when there is room', async (context) => {
  const folder = new AppFolder()
  mkdirSync(folder.data)
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder.data])
  if (mounted.status !== 0) {
    folder[Symbol.dispose]()
    return context.skip('this user may not mount a tmpfs')
  }
  try {
    const { app, watched } = await bed.startDesktop(undefined, folder)
    await shows(watched.page, say.shell('failedDisk'))
    await press(watched.page, say.shell('showData'))
    await expect.poll(async () => (await app.ask('facts')).shown).toEqual([folder.data])
    spawnSync('mount', ['-o', 'remount,size=256m', folder.data])
    await press(watched.page, say.shell('retry'))
    await runs(watched.page)
    await app.quit()
  } finally {
    spawnSync('umount', ['-l', folder.data])
  }
})
