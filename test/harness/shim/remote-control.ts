/** What a test in another process may ask of the harness and do to it, over the channel of `fork`. */

import { app } from './app.ts'
import { windows } from './browser-window.ts'
import { openChromium } from './chromium.ts'
import { deliverToMain } from './ipc-main.ts'
import type { MessagePortMain } from './message-port-main.ts'
import { handlers } from './session.ts'
import { answers, menus, noted, powerMonitor } from './system.ts'
import { utilityProcess } from './utility-process.ts'
import { ShimFrame } from './web-contents.ts'

/** Of a port that a page of the test's own was given. */
export type TestFrame =
  | { readonly kind: 'offer'; readonly port: number; readonly offer: unknown }
  | { readonly kind: 'port-message'; readonly port: number; readonly data: unknown }
  | { readonly kind: 'port-close'; readonly port: number }

const given = new Map<number, MessagePortMain>()
let portsGiven = 0
let pagesMade = 0
const tell = (frame: TestFrame): void => void process.send?.(frame)

const actions = {
  endpoint: async () => (await openChromium()).endpoint,
  facts: () => ({
    ...app.facts,
    privileged: handlers.privileged,
    crashReporter: noted.crashReporter,
    opened: noted.opened,
    shown: noted.shown,
    dialogs: noted.dialogs,
    deniesDevices: handlers.devicePermission?.({} as never) === false,
    nodePids: utilityProcess.started.map(({ pid }) => pid),
    windows: windows.map((window) => ({
      options: window.options,
      destroyed: window.isDestroyed(),
      visible: window.isVisible(),
      bounds: window.getNormalBounds(),
    })),
  }),
  click: (id: string) => menus.current?.click(id),
  answer: (next: { readonly button?: number; readonly directory?: string }) => void Object.assign(answers, next),
  quit: () => app.quit(),
  secondInstance: () => app.emit('second-instance', {}, [], '', undefined),
  logOut: () => powerMonitor.emit('shutdown', { preventDefault: () => {} }),
  window: (act: 'minimize' | 'restore' | 'hide' | 'show' | 'close') => windows.at(-1)?.[act](),
  resize: (bounds: { readonly width: number; readonly height: number }) => windows.at(-1)?.setBounds(bounds),
  permission: ({ name, url }: { readonly name: string; readonly url: string }) => {
    let granted = false
    const answered = (allowed: boolean): void => {
      granted = allowed
    }
    handlers.permissionRequest?.(null as never, name as never, answered, { requestingUrl: url } as never)
    return { granted, checked: handlers.permissionCheck?.(null, name as never, new URL(url).origin, {} as never) }
  },
  /** A message to main as if a frame of another origin, or one within the page, had sent it; counts what was posted back. */
  forge: ({ origin, inner }: { readonly origin: string; readonly inner: boolean }) => {
    let posted = 0
    const bridge = {
      post() {
        posted += 1
      },
    }
    const frame = new ShimFrame(origin, bridge as never, inner ? {} : null)
    deliverToMain('memo:connect', { sender: { id: 999 }, senderFrame: frame }, [])
    deliverToMain('memo:connect', { sender: { id: 998 }, senderFrame: null }, [])
    return posted
  },
  /** A page of the test's own, connected as the page of a window is: what it is offered and what comes over its ports is told. */
  connect: () => {
    const bridge = {
      post(_channel: string, offer: unknown, [port]: readonly MessagePortMain[]) {
        portsGiven += 1
        const id = portsGiven
        if (port === undefined) throw new Error('an offer without a port')
        given.set(id, port)
        tell({ kind: 'offer', port: id, offer })
        port.give({
          message: (data) => tell({ kind: 'port-message', port: id, data }),
          close: () => tell({ kind: 'port-close', port: id }),
        })
      },
    }
    pagesMade += 1
    deliverToMain(
      'memo:connect',
      { sender: { id: 10_000 + pagesMade }, senderFrame: new ShimFrame('app://memo', bridge as never) },
      [],
    )
  },
  protocol: async ({ url, method }: { readonly url: string; readonly method: string }) => {
    const handler = handlers.schemes.get('app')
    // Requests of a page never have such an address; what the handler does with it is asked nevertheless.
    const response = await handler?.({ url, method } as Request)
    return response === undefined
      ? undefined
      : { status: response.status, headers: Object.fromEntries(response.headers), body: await response.text() }
  },
} as const

export type HarnessActions = typeof actions

process.on('message', (frame: TestFrame) => {
  if (frame.kind === 'port-message') given.get(frame.port)?.fromOwner(frame.data)
  else if (frame.kind === 'port-close') given.get(frame.port)?.close()
})
process.on('message', (message: { readonly id: number; readonly action: keyof HarnessActions; readonly argument: unknown }) => {
  if (message.action === undefined) return
  void (async () => {
    const reply = (answer: object): void => void process.send?.({ id: message.id, ...answer })
    try {
      const act = actions[message.action] as (argument: unknown) => unknown
      reply({ value: await act(message.argument) })
    } catch (error) {
      reply({ error: String(error) })
    }
  })()
})
// A test that is gone leaves nothing behind.
process.on('disconnect', () => app.exit(1))
