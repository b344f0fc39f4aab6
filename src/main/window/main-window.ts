import { BrowserWindow, dialog, screen } from 'electron'
import type { AppLog } from '../app-log.ts'
import type { JsonFile } from '../files/json-file.ts'
import { ownOrigin, startPage } from '../security/request-filter.ts'
import type { ErrorPage } from './error-page.ts'
import { errorPagePath } from './error-page.ts'
import { PageRecovery } from './page-recovery.ts'
import type { GuardParts } from './window-guards.ts'
import { guardContents } from './window-guards.ts'
import type { WindowState } from './window-state.ts'
import { openingBounds, windowSizes } from './window-state.ts'

export interface MainWindowParts extends GuardParts {
  readonly preload: string
  readonly devTools: boolean
  readonly state: JsonFile<WindowState>
  readonly log: AppLog
  /** The window was hidden or shown. */
  readonly visibility: (visible: boolean) => void
  /** What the window showed is no longer there. */
  readonly pageLeft: (contentsId: number) => void
}

const saveDelayMs = 500
/** Chromium's code for a load that another one replaced. */
const loadAborted = -3

/** Opens the one window of the app, where it was left. */
export function openMainWindow(parts: MainWindowParts): BrowserWindow {
  const { state, devTools, preload } = parts
  const window = new BrowserWindow({
    ...openingBounds(
      state.value,
      screen.getAllDisplays().map((display) => display.workArea),
    ),
    minWidth: windowSizes.widthMin,
    minHeight: windowSizes.heightMin,
    title: 'memo',
    show: false,
    webPreferences: {
      preload,
      devTools,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      webviewTag: false,
      spellcheck: false,
      navigateOnDragDrop: false,
    },
  })
  if (state.value.maximized) window.maximize()
  guardContents(window.webContents, parts)
  keepState(window, parts)
  tellVisibility(window, parts)
  recoverPages(window, parts)
  window.once('ready-to-show', () => window.show())
  void load(window, startPage, parts.log)
  return window
}

async function load(window: BrowserWindow, address: string, log: AppLog): Promise<void> {
  // A load that fails is an event of its own; one that another replaced is none.
  await window.loadURL(address).catch((error: unknown) => log.failed({ what: 'loading a page', error }))
}

function keepState(window: BrowserWindow, { state }: MainWindowParts): void {
  let timer: ReturnType<typeof setTimeout> | undefined
  const save = () => {
    clearTimeout(timer)
    timer = undefined
    if (window.isDestroyed()) return
    const { x, y, width, height } = window.getNormalBounds()
    state.write({ bounds: { x, y, width, height }, maximized: window.isMaximized() })
  }
  const later = () => {
    timer ??= setTimeout(save, saveDelayMs)
  }
  window.on('resize', later)
  window.on('move', later)
  window.on('maximize', later)
  window.on('unmaximize', later)
  window.on('close', save)
}

function tellVisibility(window: BrowserWindow, { visibility }: MainWindowParts): void {
  const tell = () => visibility(isVisible(window))
  window.on('show', tell)
  window.on('hide', tell)
  window.on('minimize', tell)
  window.on('restore', tell)
}

export function isVisible(window: BrowserWindow): boolean {
  return !window.isDestroyed() && window.isVisible() && !window.isMinimized()
}

function recoverPages(window: BrowserWindow, { log, pageLeft }: MainWindowParts): void {
  const recovery = new PageRecovery()
  const contents = window.webContents
  const { id } = contents
  const showError = (page: ErrorPage) => void load(window, `${ownOrigin}${errorPagePath(page)}`, log)
  contents.on('did-start-navigation', ({ isMainFrame, isSameDocument }) => {
    if (isMainFrame && !isSameDocument) pageLeft(id)
  })
  contents.on('destroyed', () => pageLeft(id))
  contents.on('render-process-gone', (_event, { reason, exitCode }) => {
    pageLeft(id)
    if (reason === 'clean-exit' || window.isDestroyed()) return
    const reloads = recovery.gone(Date.now()) === 'reload'
    log.pageGone({ reason, exitCode, reloads })
    if (reloads) contents.reload()
    else showError('stopped')
  })
  contents.on('did-fail-load', (_event, errorCode, _description, url, isMainFrame) => {
    if (!isMainFrame || errorCode === loadAborted) return
    log.pageUnloaded({ errorCode })
    if (!url.startsWith(`${ownOrigin}/error/`)) showError('missing')
  })
  window.on('unresponsive', () => void offerReload(window, log))
}

async function offerReload(window: BrowserWindow, log: AppLog): Promise<void> {
  try {
    const { response } = await dialog.showMessageBox(window, {
      type: 'warning',
      message: 'The window does not respond.',
      detail:
        'The node is a process of its own and keeps serving. Text that was not saved is lost when the window is loaded again.',
      buttons: ['Wait', 'Reload'],
      defaultId: 0,
      cancelId: 0,
    })
    if (response === 1 && !window.isDestroyed()) window.webContents.reload()
  } catch (error) {
    log.failed({ what: 'a dialog', error })
  }
}
