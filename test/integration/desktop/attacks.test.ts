import { beforeAll, describe, expect, test } from 'vitest'
import { contractVersion } from '../../../src/ipc/contract/node-contract.ts'
import { TestPage } from '../../harness/test-page.ts'
import { ensureBuiltApp } from '../../support/built-app.ts'
import { AppFolder, offersOf, reached, recordOffers, until } from './desktop-bed.ts'

beforeAll(ensureBuiltApp)

describe('nobody but the page of the window gets anywhere', () => {
  test('frames of other origins, frames in the page and senders that are gone get no port', async () => {
    using folder = new AppFolder()
    await using app = folder.start()
    await app.page()
    for (const origin of ['https://example.org', 'app://memo.example.org', 'http://memo', 'null', 'file://', '']) {
      expect(await app.ask('forge', { origin, inner: false }), origin).toBe(0)
    }
    expect(await app.ask('forge', { origin: 'app://memo', inner: true })).toBe(0)
    expect(folder.log()).toContain('refused')
    // The same message from a page of our own is answered, so that the refusals above are not for another reason.
    expect(await app.ask('forge', { origin: 'app://memo', inner: false })).toBeGreaterThan(0)
  })

  test('a page that asks twice is answered once, and a forged message of its window is not main', async () => {
    using folder = new AppFolder()
    await using app = folder.start()
    const page = await app.page()
    await reached(folder, 'running 1')
    await recordOffers(page)
    await app.ask('click', 'reload')
    await until('the page had both ports', async () => ((await offersOf(page).catch(() => [])).length >= 2 ? true : undefined))
    await page.evaluate('memo.connect(); memo.connect()')
    await new Promise((resolve) => setTimeout(resolve, 500))
    expect(await offersOf(page)).toHaveLength(2)
  })

  test('the page reaches one frozen function and nothing of Node or Electron', async () => {
    using folder = new AppFolder()
    await using app = folder.start()
    const page = await app.page()
    expect(
      await page.evaluate(`({
        names: Object.getOwnPropertyNames(memo), frozen: Object.isFrozen(memo),
        writable: Object.getOwnPropertyDescriptor(globalThis, 'memo').writable,
        node: [typeof process, typeof require, typeof module, typeof Buffer, typeof ipcRenderer],
      })`),
    ).toEqual({ names: ['connect'], frozen: true, writable: false, node: Array(5).fill('undefined') })
  })

  test('the page goes nowhere, opens nothing, embeds nothing and asks for nothing outside', async () => {
    using folder = new AppFolder()
    await using app = folder.start()
    const page = await app.page()
    const before = page.url()
    await page.evaluate(`location.href = 'https://example.org/'`).catch(() => undefined)
    await page.evaluate(`location.href = 'app://memo/../secret'`).catch(() => undefined)
    await page.evaluate(`location.href = 'http://memo.localhost/error/stopped.html'`).catch(() => undefined)
    await new Promise((resolve) => setTimeout(resolve, 500))
    expect(page.url().split('#')[0]).toBe(before.split('#')[0])
    for (const address of ['https://example.org/', 'http://127.0.0.1:7070/', 'file:///etc/passwd']) {
      const outcome = await page.evaluate(`fetch('${address}').then(() => 'answered', () => 'refused')`)
      expect(outcome, address).toBe('refused')
    }
    await page.evaluate(`void window.open('http://example.org/')`)
    await until('the window was refused', () => (folder.log().includes("what: 'window'") ? true : undefined))
    expect((await app.ask('facts')).opened).toEqual([])
    expect(folder.log()).not.toContain('example.org')
  })

  test('permissions are refused but for two, and devices altogether', async () => {
    using folder = new AppFolder()
    await using app = folder.start()
    await app.page()
    const asked = async (name: string, url: string) => await app.ask('permission', { name, url })
    expect(await asked('media', 'app://memo/index.html')).toMatchObject({ granted: false })
    expect(await asked('geolocation', 'app://memo/index.html')).toMatchObject({ granted: false })
    expect(await asked('clipboard-sanitized-write', 'app://memo/index.html')).toMatchObject({ granted: true })
    expect(await asked('notifications', 'https://example.org/')).toMatchObject({ granted: false, checked: false })
    expect((await app.ask('facts')).deniesDevices).toBe(true)
  })

  test('the protocol gives no file outside of the screens, whatever the path', async () => {
    using folder = new AppFolder()
    await using app = folder.start()
    await app.page()
    const paths = ['../main/index.js', '%2e%2e/main/index.js', '..%2fmain%2findex.js', '..%5cmain%5cindex.js', '/etc/passwd']
    for (const path of paths) {
      const answer = await app.ask('protocol', { url: `app://memo/${path}`, method: 'GET' })
      expect(answer?.status, path).toBe(404)
    }
    expect((await app.ask('protocol', { url: 'app://memo/index.html', method: 'POST' }))?.status).toBe(405)
    const page = await app.ask('protocol', { url: 'app://memo/index.html', method: 'GET' })
    expect(page?.status).toBe(200)
    expect(page?.headers['content-security-policy']).toContain("default-src 'none'")
  })

  test('links outside are https only, and asked about', async () => {
    using folder = new AppFolder()
    await using app = folder.start()
    const host = (await (await TestPage.connect(app)).host()).call
    await expect(host.openExternal({ url: 'file:///etc/passwd' })).rejects.toMatchObject({ data: { code: 'invalid-argument' } })
    await host.openExternal({ url: 'https://example.org/' })
    expect((await app.ask('facts')).opened).toEqual([])
    await app.ask('answer', { button: 1 })
    await host.openExternal({ url: 'https://example.org/a' })
    expect(await app.ask('facts')).toMatchObject({
      opened: ['https://example.org/a'],
      dialogs: [/example/, /example/].map(() => expect.stringContaining('example.org')),
    })
  })
})

describe('over the port of the node', () => {
  test('keys are written and read, bytes and all; after a crash there is another port and what was written', async () => {
    using folder = new AppFolder()
    await using app = folder.start()
    const page = await TestPage.connect(app)
    const first = await page.node(1)
    expect(await first.call.system.hello({ contractVersion })).toMatchObject({ contractVersion, readOnly: false })
    const value = new Uint8Array(1_000_000).map((_, index) => index % 251)
    const put = await first.call.kv.put({ key: 'a', value, contentType: '', expect: { kind: 'absent' } })
    expect(put.kind).toBe('done')
    const pid = (await app.ask('facts')).nodePids.at(-1)
    process.kill(Number(pid), 'SIGKILL')
    await first.closed
    const second = await page.node(2)
    const read = await second.call.kv.read({ key: 'a', offset: 0, length: value.length })
    expect(read?.bytes).toEqual(value)
  })

  test('safe mode serves what is there and refuses every change', async () => {
    using folder = new AppFolder()
    await using app = folder.start()
    const page = await TestPage.connect(app)
    const node = await page.node(1)
    await node.call.kv.put({ key: 'a', value: new Uint8Array([1]), contentType: '', expect: { kind: 'any' } })
    await (await page.host()).call.node.startSafely()
    const safe = await page.node(2)
    expect(await safe.call.system.status()).toMatchObject({ safeMode: true, state: 'running' })
    expect((await safe.call.kv.read({ key: 'a', offset: 0, length: 9 }))?.bytes).toEqual(new Uint8Array([1]))
    const change = safe.call.kv.put({ key: 'b', value: new Uint8Array([2]), contentType: '', expect: { kind: 'any' } })
    await expect(change).rejects.toMatchObject({ data: { code: 'store-read-only' } })
    await (await page.host()).call.node.restart()
    const again = await page.node(3)
    expect(await again.call.system.status()).toMatchObject({ safeMode: false })
    expect(await again.call.kv.stat({ key: 'b' })).toBeNull()
  })
})
