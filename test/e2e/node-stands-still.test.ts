import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import { connect, createServer } from 'node:net'
import { describe, expect, test } from 'vitest'
import { goTo, isIn, pagesFetched } from './support/console-pages.ts'
import { KeysScreen } from './support/keys-screen.ts'
import { pattern } from './support/pattern.ts'
import { Program } from './support/program.ts'
import type { BrowserScreens, DesktopScreens } from './support/screens.ts'
import { hosts, ScreensBed } from './support/screens.ts'
import { unsavedText } from './support/unsaved-text.ts'
import { say } from './support/words.ts'

const bed = new ScreensBed()

async function nodePid(screens: BrowserScreens | DesktopScreens): Promise<number> {
  const pid =
    screens.host === 'browser' ? (screens as BrowserScreens).node.ready.pid : await desktopPid(screens as DesktopScreens)
  if (pid === undefined) throw new Error('there is no node')
  return pid
}

async function desktopPid({ app }: DesktopScreens): Promise<number | undefined> {
  return (await app.ask('facts')).nodePids.at(-1)
}

/** A process that exists and does nothing, as on a machine that hangs; it goes on at the end of the block. */
function heldUp(pid: number): Disposable {
  process.kill(pid, 'SIGSTOP')
  return { [Symbol.dispose]: () => void process.kill(pid, 'SIGCONT') }
}

describe.each(hosts)('a node that stands still, in the %s', (host) => {
  test('it is said within seconds, a save that waits says what is known of it, and all is well again by itself', async () => {
    const screens = host === 'browser' ? await bed.openBrowser() : await bed.openDesktop()
    const { page, grpc } = screens
    const { keys, editor } = await unsavedText(screens, 'typed and sent once')
    const bar = page.getByRole('contentinfo')
    await bar.getByText(say.shell('running'), { exact: true }).waitFor()
    {
      using _held = heldUp(await nodePid(screens))
      await keys.save()
      await keys.value.getByText(say.keys('stateSaving'), { exact: true }).waitFor()
      await bar.getByText(say.shell('stateNotResponding'), { exact: true }).waitFor({ timeout: 12_000 })
      await page
        .getByText(pattern((any) => say.shell(host === 'browser' ? 'notRespondingFar' : 'notResponding', { time: any })))
        .waitFor()
      await keys.value.getByText(say.keys('stateSavingSilent'), { exact: true }).waitFor()
      expect(await page.locator('[data-stale]').count()).toBe(1)
      expect(await editor.textContent()).toContain('typed and sent once')
      await page.keyboard.press('ControlOrMeta+s')
      await goTo(page, 'overview')
      await page.getByText(say.overview('noAnswer')).waitFor()
      await goTo(page, 'keys')
    }
    await bar.getByText(say.shell('running'), { exact: true }).waitFor({ timeout: 12_000 })
    await keys.value.getByText(say.keys('basedOn', { version: '2' })).waitFor()
    expect(await page.locator('[data-stale]').count()).toBe(0)
    expect(await editor.textContent()).toContain('typed and sent once')
    using program = new Program(grpc)
    expect(await program.get('notes')).toBe('typed and sent once')
  })
})

test('a log that was never read and a sign-out say what a node that stands still leaves open, and come to their end with it', async () => {
  bed.forgive({ noSession: true })
  const screens = await bed.openBrowser()
  const { page } = screens
  await pagesFetched(page, ['activity', 'settings'])
  const titled = (name: string) => page.getByRole('heading', { name, exact: true })
  {
    using _held = heldUp(await nodePid(screens))
    await page.getByText(say.shell('stateNotResponding'), { exact: true }).waitFor({ timeout: 12_000 })
    await goTo(page, 'activity')
    await page.getByText(say.activity('logAway')).waitFor()
    await page.getByRole('button', { name: say.shell('signOut') }).click()
    await titled(say.shell('signingOut')).waitFor({ timeout: 1000 })
    expect(await page.getByRole('contentinfo').count()).toBe(0)
  }
  await titled(say.shell('signedOut')).waitFor({ timeout: 15_000 })
  await page.reload()
  await titled(say.shell('signInNone')).waitFor()
})

/** A way to a port that can forget all connections that it carries: nothing comes through any more, and nobody is told. */
async function forgetfulWay(port: number) {
  const carried = new Set<Socket>()
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1')
    carried.add(near)
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.on('data', (bytes) => carried.has(near) && to.write(bytes))
      from.on('error', () => to.destroy())
      from.on('close', () => to.destroy())
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    forget: () => carried.clear(),
    [Symbol.dispose]: () => void server.close(),
  }
}

test('a socket that the network has forgotten is given up for another, while the node answers', async () => {
  const node = await bed.startNode()
  using way = await forgetfulWay(Number(new URL(node.ready.consoleUrl).port))
  const { watched } = await bed.newPage()
  const { page } = watched
  const link = new URL(await bed.link(node))
  link.port = String(way.port)
  await page.goto(link.href)
  await isIn(page)
  const bar = page.getByRole('contentinfo')
  await bar.getByText(say.shell('running'), { exact: true }).waitFor()
  way.forget()
  await bar.getByText(say.shell('stateNotResponding'), { exact: true }).waitFor({ timeout: 12_000 })
  await bar.getByText(say.shell('running'), { exact: true }).waitFor({ timeout: 30_000 })
  using program = new Program(node.ready.grpc)
  await program.put('after', 'x')
  const keys = await KeysScreen.open(page)
  await keys.row('after').waitFor()
})
