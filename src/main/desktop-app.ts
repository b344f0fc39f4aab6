import { join } from 'node:path'
import type { BrowserWindow, MessagePortMain } from 'electron'
import { app, ipcMain, Menu, MessageChannelMain, powerMonitor, protocol, session, shell } from 'electron'
import { wireLimits } from '../ipc/contract/wire-limits.ts'
import { connectChannel } from '../ipc/supervision/channels.ts'
import { servePort } from '../ipc/wire/wire-server.ts'
import { appEnvironment } from './app-environment.ts'
import type { AppLog } from './app-log.ts'
import { createAppLog } from './app-log.ts'
import { menuTemplate } from './app-menu.ts'
import type { AppSettings } from './files/app-settings.ts'
import { appSettingsSchema, ownArguments } from './files/app-settings.ts'
import type { JsonFileParts } from './files/json-file.ts'
import { JsonFile } from './files/json-file.ts'
import { AppNode } from './host/app-node.ts'
import { desktopActions, openExternal } from './host/desktop-actions.ts'
import { HostFeed } from './host/host-feed.ts'
import { createHostRouter } from './host/host-router.ts'
import { OrderlyQuit } from './orderly-quit.ts'
import { PortBroker } from './port-broker.ts'
import { answerAppRequest } from './security/app-protocol.ts'
import { ownScheme } from './security/request-filter.ts'
import { forkNode } from './supervisor/fork-node.ts'
import { nodeEnvironment } from './supervisor/node-environment.ts'
import { NodeSupervisor } from './supervisor/node-supervisor.ts'
import { isVisible, openMainWindow } from './window/main-window.ts'
import { OfferedPages } from './window/offered-pages.ts'
import { guardSession } from './window/window-guards.ts'
import type { WindowState } from './window/window-state.ts'
import { windowStateSchema } from './window/window-state.ts'

export interface AppFiles {
  /** The module that is the node. */
  readonly node: string
  readonly preload: string
  /** Folder of the built screens. */
  readonly screens: string
}

/** Joins the parts of the app and owns them. Made when the app is ready, and once. */
export class DesktopApp {
  readonly #files: AppFiles
  readonly #log: AppLog
  readonly #logFolder = app.getPath('logs')
  readonly #settings: JsonFile<AppSettings>
  readonly #windowState: JsonFile<WindowState>
  readonly #feed = new HostFeed()
  readonly #node: AppNode
  readonly #supervisor: NodeSupervisor<MessagePortMain>
  readonly #broker: PortBroker<MessagePortMain>
  readonly #pages: OfferedPages
  readonly #quit: OrderlyQuit
  #window: BrowserWindow | undefined

  constructor(files: AppFiles) {
    this.#files = files
    this.#log = createAppLog(this.#logFolder, { echo: !app.isPackaged })
    this.#settings = this.#jsonFile('settings.json', appSettingsSchema, {})
    this.#windowState = this.#jsonFile('window.json', windowStateSchema, { maximized: false })
    this.#node = new AppNode({ settings: this.#settings, commandLine: ownArguments(process.argv) })
    this.#supervisor = this.#makeSupervisor()
    const actions = desktopActions({
      version: app.getVersion(),
      logFolder: this.#logFolder,
      supervisor: this.#supervisor,
      node: this.#node,
    })
    const router = createHostRouter(actions)
    const visible = () => this.#window !== undefined && isVisible(this.#window)
    this.#broker = new PortBroker({
      channel: () => new MessageChannelMain(),
      toNode: (port) => this.#supervisor.sendPort(port),
      toHost: (port) => void servePort(port, { router, context: { feed: this.#feed, visible } }),
      servingEpoch: () => this.#supervisor.servingEpoch,
    })
    this.#pages = new OfferedPages(this.#broker, this.#log)
    this.#quit = new OrderlyQuit(app, () => this.#supervisor.stop(), this.#log)
  }

  /** Opens the window and starts the node; neither waits for the other. */
  start(): void {
    this.#log.started({ version: app.getVersion(), electron: process.versions.electron, packaged: app.isPackaged })
    guardSession(session.defaultSession, this.#log, { devTools: this.#devTools })
    protocol.handle(ownScheme, (request) => answerAppRequest(request, this.#files.screens))
    ipcMain.on(connectChannel, this.#pages.asked)
    app.on('before-quit', this.#quit.beforeQuit)
    app.on('window-all-closed', () => {
      if (process.platform !== 'darwin') app.quit()
    })
    app.on('activate', () => this.show())
    app.on('child-process-gone', (_event, { type, reason, exitCode }) => {
      if (type !== 'Utility') this.#log.failed({ what: `a process of the app (${type})`, error: `${reason}, ${exitCode}` })
    })
    // A log-out waits until the node is closed, for as long as the system lets it.
    powerMonitor.on('shutdown', (...events: readonly { preventDefault(): void }[]) => {
      for (const event of events) event.preventDefault()
      app.quit()
    })
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => app.quit())
    this.#setMenu()
    this.show()
    this.#supervisor.start()
  }

  /** Brings the window to the front, and opens it where it was closed. */
  show(): void {
    if (this.#quit.begun) return
    const window = this.#window
    if (window === undefined) {
      this.#window = this.#openWindow()
      return
    }
    if (window.isMinimized()) window.restore()
    window.show()
    window.focus()
  }

  get #devTools(): boolean {
    return !app.isPackaged || this.#settings.value.developerTools === true
  }

  #openWindow(): BrowserWindow {
    const window = openMainWindow({
      preload: this.#files.preload,
      devTools: this.#devTools,
      state: this.#windowState,
      log: this.#log,
      openExternal: (url) => void this.#try('opening a page outside', openExternal(url)),
      visibility: (visible) => this.#feed.publish({ kind: 'window', visible }),
      pageLeft: this.#pages.left,
    })
    window.on('closed', () => {
      this.#window = undefined
    })
    return window
  }

  #makeSupervisor(): NodeSupervisor<MessagePortMain> {
    const environment = nodeEnvironment(appEnvironment())
    return new NodeSupervisor({
      fork: (events) => forkNode(this.#files.node, environment, events),
      nowMs: () => Date.now(),
      after: (durationMs, run) => {
        const timer = setTimeout(run, durationMs)
        return () => clearTimeout(timer)
      },
      linesIntervalMs: wireLimits.eventIntervalMs,
      arguments: () => this.#node.arguments(),
      log: this.#log,
      changed: (run) => this.#feed.publish({ kind: 'node', run }),
      serving: () => this.#broker.nodeServes(),
      told: (message) => this.#node.told(message),
    })
  }

  #setMenu(): void {
    const template = menuTemplate({
      mac: process.platform === 'darwin',
      devTools: this.#devTools,
      command: (command) => this.#feed.publish({ kind: 'command', command }),
      reload: () => this.#window?.webContents.reload(),
      showLogs: () => void this.#try('showing the logs', shell.openPath(this.#logFolder)),
      restartNode: () => this.#supervisor.restart(),
    })
    Menu.setApplicationMenu(Menu.buildFromTemplate(template))
  }

  #jsonFile<Value>(name: string, schema: JsonFileParts<Value>['schema'], fallback: Value): JsonFile<Value> {
    return new JsonFile({
      path: join(app.getPath('userData'), name),
      schema,
      fallback,
      discarded: (facts) => this.#log.fileDiscarded(facts),
      unwritten: (facts) => this.#log.fileUnwritten(facts),
    })
  }

  async #try(what: string, work: Promise<unknown>): Promise<void> {
    await work.catch((error: unknown) => this.#log.failed({ what, error }))
  }
}
