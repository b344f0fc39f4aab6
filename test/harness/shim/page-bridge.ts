import { readFileSync } from 'node:fs'
import type { CDPSession, Page } from 'playwright'
import type { MessagePortMain } from './message-port-main.ts'
import { decodeMessage, encodeMessage, pageCodec } from './port-codec.ts'

/** A frame of the page's isolated world to the shim. */
type PageFrame =
  | { readonly kind: 'send'; readonly channel: string; readonly args: readonly unknown[] }
  | { readonly kind: 'port-message'; readonly port: number; readonly data: unknown }
  | { readonly kind: 'port-close'; readonly port: number }

const binding = '__memoHarness'
const world = 'preload'

/**
 * Runs in the page's own world before any of its scripts: builds what a preload exposes. Objects do not cross worlds, so that names
 * come as text and calls go back as events.
 */
const exposeScript = `(() => {
  addEventListener('memo-harness-expose', (event) => {
    event.stopImmediatePropagation()
    const { key, names } = JSON.parse(event.detail)
    const call = (name) => () => {
      dispatchEvent(new CustomEvent('memo-harness-call', { detail: JSON.stringify({ key, name }) }))
    }
    const exposed = Object.freeze(Object.fromEntries(names.map((name) => [name, call(name)])))
    Object.defineProperty(globalThis, key, { value: exposed, enumerable: true, writable: false, configurable: false })
  }, { once: false })
})()`

/** Runs in the isolated world, around the preload: \`require('electron')\` and nothing else. */
function preloadScript(bundle: string): string {
  return `(() => {
  const codec = ${pageCodec}
  const tell = (frame) => globalThis.${binding}(JSON.stringify(frame))
  const listeners = new Map()
  const ports = new Map()
  const api = new Map()
  const contextBridge = {
    exposeInMainWorld(key, value) {
      const names = Object.keys(value)
      for (const name of names) {
        if (typeof value[name] !== 'function') throw new Error('the harness exposes functions only')
        api.set(key + '.' + name, value[name])
      }
      dispatchEvent(new CustomEvent('memo-harness-expose', { detail: JSON.stringify({ key, names }) }))
    },
  }
  addEventListener('memo-harness-call', (event) => {
    const { key, name } = JSON.parse(event.detail)
    api.get(key + '.' + name)?.()
  })
  const ipcRenderer = {
    on(channel, listener) {
      listeners.set(channel, [...(listeners.get(channel) ?? []), listener])
      return ipcRenderer
    },
    send(channel, ...args) {
      tell({ kind: 'send', channel, args: args.map(codec.encode) })
    },
  }
  const strict = (name, object) => new Proxy(object, {
    get(target, property) {
      if (typeof property === 'string' && !(property in target)) throw new Error('the harness has no ' + name + '.' + property)
      return target[property]
    },
  })
  const electron = strict('electron', { contextBridge: strict('contextBridge', contextBridge), ipcRenderer: strict('ipcRenderer', ipcRenderer) })
  globalThis.__memoHarnessDeliver = (text) => {
    const { channel, message, given } = JSON.parse(text)
    const own = given.map((id) => {
      const { port1, port2 } = new MessageChannel()
      ports.set(id, port1)
      port1.onmessage = (event) => tell({ kind: 'port-message', port: id, data: codec.encode(event.data) })
      port1.addEventListener('close', () => { ports.delete(id); tell({ kind: 'port-close', port: id }) })
      return port2
    })
    for (const listener of listeners.get(channel) ?? []) listener({ ports: own }, codec.decode(message))
  }
  globalThis.__memoHarnessPort = (text) => {
    const { port, data, close } = JSON.parse(text)
    const own = ports.get(port)
    if (own === undefined) return
    if (close) { ports.delete(port); own.close() }
    else own.postMessage(codec.decode(data))
  }
  const require = (name) => {
    if (name === 'electron') return electron
    throw new Error('a sandboxed preload has no module ' + name)
  }
  if (location.protocol === 'about:') return
  const module = { exports: {} };
  ((require, module, exports) => {
${bundle}
  })(require, module, module.exports)
})()`
}

export interface BridgeEvents {
  readonly sent: (channel: string, args: readonly unknown[]) => void
}

/** Carries messages and ports between the isolated world of a page and main, over the debugging protocol. */
export class PageBridge {
  readonly #session: CDPSession
  readonly #events: BridgeEvents
  readonly #ports = new Map<number, MessagePortMain>()
  #context: number | undefined
  #given = 0
  #last: Promise<unknown> = Promise.resolve()

  private constructor(session: CDPSession, events: BridgeEvents) {
    this.#session = session
    this.#events = events
  }

  static async attach(page: Page, preload: string, events: BridgeEvents): Promise<PageBridge> {
    const session = await page.context().newCDPSession(page)
    const bridge = new PageBridge(session, events)
    session.on('Runtime.executionContextCreated', ({ context }) => {
      if (context.name === world && (context.auxData as { frameId?: string } | undefined)?.frameId === bridge.#mainFrame) {
        bridge.#context = context.id
      }
    })
    session.on('Runtime.bindingCalled', ({ name, payload, executionContextId }) => {
      // What a page that is gone still says is nobody's affair.
      if (name === binding && executionContextId === bridge.#context) bridge.#receive(JSON.parse(payload) as PageFrame)
    })
    await session.send('Page.enable')
    const { frameTree } = await session.send('Page.getFrameTree')
    bridge.#mainFrame = frameTree.frame.id
    await session.send('Runtime.enable')
    await session.send('Runtime.addBinding', { name: binding, executionContextName: world })
    await session.send('Page.addScriptToEvaluateOnNewDocument', { source: exposeScript })
    const source = preloadScript(readFileSync(preload, 'utf8'))
    await session.send('Page.addScriptToEvaluateOnNewDocument', { source, worldName: world })
    return bridge
  }

  #mainFrame = ''

  /** `webContents.postMessage` to the page's preload. */
  post(channel: string, message: unknown, transfer: readonly MessagePortMain[]): void {
    const given = transfer.map((port) => this.#give(port))
    this.#evaluate('__memoHarnessDeliver', { channel, message: encodeMessage(message), given })
  }

  /** The document is gone, and with it every port that it had. */
  left(): void {
    this.#context = undefined
    for (const port of this.#ports.values()) port.close()
    this.#ports.clear()
  }

  #give(port: MessagePortMain): number {
    this.#given += 1
    const id = this.#given
    this.#ports.set(id, port)
    port.give({
      message: (data) => this.#evaluate('__memoHarnessPort', { port: id, data: encodeMessage(data) }),
      close: () => this.#evaluate('__memoHarnessPort', { port: id, close: true }),
    })
    return id
  }

  #receive(frame: PageFrame): void {
    if (frame.kind === 'send') this.#events.sent(frame.channel, frame.args.map(decodeMessage))
    else if (frame.kind === 'port-message') this.#ports.get(frame.port)?.fromOwner(decodeMessage(frame.data))
    else {
      this.#ports.get(frame.port)?.close()
      this.#ports.delete(frame.port)
    }
  }

  /** One after the other, so that messages keep their order. A page that is gone hears nothing. */
  #evaluate(name: string, argument: unknown): void {
    const contextId = this.#context
    if (contextId === undefined) return
    const expression = `globalThis.${name}(${JSON.stringify(JSON.stringify(argument))})`
    this.#last = this.#last
      .then(() => (contextId === this.#context ? this.#session.send('Runtime.evaluate', { expression, contextId }) : undefined))
      .catch(() => undefined)
  }
}
