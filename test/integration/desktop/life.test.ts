import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { ensureBuiltApp } from '../../support/built-app.ts'
import { AppFolder, isAlive, offersOf, reached, recordOffers, statesOf, until } from './desktop-bed.ts'

beforeAll(ensureBuiltApp)

async function nodePid(app: {
  ask(action: 'facts'): Promise<{ readonly nodePids: readonly (number | undefined)[] }>
}): Promise<number> {
  const pid = (await app.ask('facts')).nodePids.at(-1)
  if (pid === undefined) throw new Error('no node was started')
  return pid
}

describe('the app', () => {
  test('starts its node, loads its page from its own protocol and gives it both ports', async () => {
    using folder = new AppFolder()
    await using app = folder.start()
    const page = await app.page()
    await reached(folder, 'running 1')
    await recordOffers(page)
    await app.ask('click', 'reload')
    const offers = await until('the page had both ports', async () => {
      const seen = await offersOf(page).catch(() => [])
      return seen.length === 2 && seen.every(({ answers }) => answers > 0) ? seen : undefined
    })
    expect(offers).toMatchObject([
      { kind: 'host', epoch: 0, ports: 1, origin: 'http://memo.localhost' },
      { kind: 'node', epoch: 1, ports: 1, origin: 'http://memo.localhost' },
    ])
    const facts = await app.ask('facts')
    expect(facts).toMatchObject({ sandboxed: true, locked: true, privileged: ['app'], crashReporter: { uploadToServer: false } })
    expect(facts.windows[0]).toMatchObject({
      visible: true,
      options: {
        webPreferences: {
          sandbox: true,
          contextIsolation: true,
          nodeIntegration: false,
          webSecurity: true,
          webviewTag: false,
          spellcheck: false,
          navigateOnDragDrop: false,
        },
      },
    })
  })

  test('quits in order: the node is closed, no child remains, and the window is remembered', async () => {
    using folder = new AppFolder()
    const app = folder.start()
    await app.page()
    await reached(folder, 'running 1')
    await app.ask('resize', { width: 901, height: 702 })
    const pid = await nodePid(app)
    expect(isAlive(pid)).toBe(true)
    const startedMs = Date.now()
    expect(await app.quit()).toBe(0)
    expect(Date.now() - startedMs).toBeLessThan(10_000)
    expect(isAlive(pid)).toBe(false)
    expect(statesOf(folder.log()).slice(-2)).toEqual(['stopping 1', 'stopped 1'])
    expect(readFileSync(join(folder.path, 'logs/node.log'), 'utf8')).toContain('node stopped')
    await using again = folder.start()
    expect((await until('the window was there', async () => (await again.ask('facts')).windows[0])).bounds).toMatchObject({
      width: 901,
      height: 702,
    })
  })

  test.each(['SIGTERM', 'SIGINT'] as const)('%s is a quit like any other', async (signal) => {
    using folder = new AppFolder()
    await using app = folder.start()
    await reached(folder, 'running 1')
    const pid = await nodePid(app)
    const exited = new Promise((resolve) => app.child.once('exit', resolve))
    app.child.kill(signal)
    expect(await exited).toBe(0)
    expect(isAlive(pid)).toBe(false)
    expect(statesOf(folder.log()).at(-1)).toBe('stopped 1')
  })

  test('a log-out and a window that is closed are too; a quit in the middle of a start is', async () => {
    for (const end of ['logOut', 'close', 'early'] as const) {
      using folder = new AppFolder()
      await using app = folder.start()
      const exited = new Promise((resolve) => app.child.once('exit', resolve))
      await app.page()
      if (end !== 'early') await reached(folder, 'running 1')
      const pid = await nodePid(app)
      if (end === 'logOut') await app.ask('logOut')
      else if (end === 'close') await app.ask('window', 'close')
      else await app.ask('quit')
      expect(await exited, end).toBe(0)
      expect(isAlive(pid), end).toBe(false)
    }
  })

  test('a node dies with its app, however that ended', async () => {
    using folder = new AppFolder()
    await using app = folder.start()
    await reached(folder, 'running 1')
    const pid = await nodePid(app)
    app.child.kill('SIGKILL')
    await until('the node was gone', () => !isAlive(pid) || undefined)
  })

  test('a second launch shows the window', async () => {
    using folder = new AppFolder()
    await using app = folder.start()
    await app.page()
    await app.ask('window', 'hide')
    expect((await app.ask('facts')).windows[0]?.visible).toBe(false)
    await app.ask('secondInstance')
    expect((await app.ask('facts')).windows[0]?.visible).toBe(true)
  })

  test('starts with files that are damaged, and leaves them behind', async () => {
    using folder = new AppFolder()
    const { writeFileSync } = await import('node:fs')
    writeFileSync(join(folder.path, 'settings.json'), '{"dataDirectory":')
    writeFileSync(join(folder.path, 'window.json'), '[]')
    await using app = folder.start()
    await app.page()
    await reached(folder, 'running 1')
    expect(folder.log().match(/cannot be used/g)).toHaveLength(2)
    expect(existsSync(folder.data)).toBe(true)
  })
})

describe('a node that is killed', () => {
  test('is started again by itself, and the page gets a port of the next epoch', async () => {
    using folder = new AppFolder()
    await using app = folder.start()
    const page = await app.page()
    await reached(folder, 'running 1')
    await recordOffers(page)
    await app.ask('click', 'reload')
    await until('the page had both ports', async () => ((await offersOf(page).catch(() => [])).length === 2 ? true : undefined))
    await page.evaluate(() => Object.assign(globalThis, { unsaved: 'text' }))
    process.kill(await nodePid(app), 'SIGKILL')
    await reached(folder, 'crashed 1')
    await reached(folder, 'running 2')
    const offers = await until('the page had the next port', async () => {
      const seen = await offersOf(page)
      return seen.length === 3 && (seen[2]?.answers ?? 0) > 0 ? seen : undefined
    })
    expect(offers[2]).toMatchObject({ kind: 'node', epoch: 2, ports: 1 })
    expect(await page.evaluate(() => (globalThis as { unsaved?: string }).unsaved)).toBe('text')
    expect(folder.log()).toContain('ended from outside')
  })

  test('three times in five minutes is opened in safe mode, and once more in there stays down', async () => {
    using folder = new AppFolder()
    await using app = folder.start()
    for (const epoch of [1, 2, 3]) {
      await reached(folder, `running ${epoch}`)
      process.kill(await nodePid(app), 'SIGKILL')
      await reached(folder, epoch === 3 ? 'starting 4 safe' : `crashed ${epoch}`)
    }
    await reached(folder, 'running 4 safe')
    expect(readFileSync(join(folder.path, 'logs/node.log'), 'utf8')).toContain('"safeMode":true')
    process.kill(await nodePid(app), 'SIGKILL')
    await reached(folder, 'crashed 4 safe')
    const { nodePids } = await app.ask('facts')
    await new Promise((resolve) => setTimeout(resolve, 2_500))
    expect((await app.ask('facts')).nodePids).toEqual(nodePids)
    expect(await app.quit()).toBe(0)
  })
})
