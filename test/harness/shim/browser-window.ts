import { EventEmitter } from 'node:events'
import type { BrowserWindowConstructorOptions, BrowserWindow as RealWindow, Rectangle } from 'electron'
import { app } from './app.ts'
import { strictObject } from './strict-object.ts'
import { WebContents } from './web-contents.ts'

type WindowMembers = Pick<
  RealWindow,
  | 'close'
  | 'focus'
  | 'getNormalBounds'
  | 'hide'
  | 'isDestroyed'
  | 'isMaximized'
  | 'isMinimized'
  | 'isVisible'
  | 'loadURL'
  | 'maximize'
  | 'minimize'
  | 'restore'
  | 'setBounds'
  | 'show'
>

const knownOptions = ['x', 'y', 'width', 'height', 'minWidth', 'minHeight', 'title', 'show', 'webPreferences']

/** Every window that was made, for tests. */
export const windows: BrowserWindow[] = []

export class BrowserWindow extends EventEmitter implements WindowMembers {
  readonly webContents: WebContents & RealWindow['webContents']
  readonly options: BrowserWindowConstructorOptions
  #bounds: Rectangle
  #visible: boolean
  #minimized = false
  #maximized = false
  #destroyed = false

  constructor(options: BrowserWindowConstructorOptions) {
    super()
    const unknown = Object.keys(options).filter((name) => !knownOptions.includes(name))
    if (unknown.length > 0) throw new Error(`the harness does not know the window option ${unknown.join(', ')}`)
    if (!app.isReady()) throw new Error('windows are for an app that is ready')
    this.options = options
    const { x = 0, y = 0, width = 800, height = 600, webPreferences } = options
    this.#bounds = { x, y, width, height }
    this.#visible = options.show !== false
    const contents = new WebContents({ preload: webPreferences?.preload ?? '', width, height })
    this.webContents = strictObject('webContents', contents) as unknown as typeof this.webContents
    contents.once('did-finish-load', () => this.emit('ready-to-show'))
    windows.push(this)
    app.closeWindows.add(this.#closeNow)
  }

  loadURL(address: string): Promise<void> {
    return this.webContents.loadURL(address)
  }

  close(): void {
    void this.#closeNow()
  }

  show(): void {
    this.#visible = true
    this.emit('show')
  }

  hide(): void {
    this.#visible = false
    this.emit('hide')
  }

  focus(): void {
    this.emit('focus')
  }

  minimize(): void {
    this.#minimized = true
    this.emit('minimize')
  }

  restore(): void {
    this.#minimized = false
    this.emit('restore')
  }

  maximize(): void {
    this.#maximized = true
    this.emit('maximize')
  }

  isMaximized(): boolean {
    return this.#maximized
  }

  isMinimized(): boolean {
    return this.#minimized
  }

  isVisible(): boolean {
    return this.#visible
  }

  isDestroyed(): boolean {
    return this.#destroyed
  }

  getNormalBounds(): Rectangle {
    return { ...this.#bounds }
  }

  setBounds(bounds: Partial<Rectangle>): void {
    this.#bounds = { ...this.#bounds, ...bounds }
    this.emit('resize')
  }

  readonly #closeNow = async (): Promise<void> => {
    if (this.#destroyed) return
    this.emit('close', { preventDefault: () => {} })
    this.#destroyed = true
    app.closeWindows.delete(this.#closeNow)
    await this.webContents.destroy()
    this.emit('closed')
    const left = windows.filter((window) => !window.isDestroyed())
    if (left.length === 0 && !app.quitting) app.emit('window-all-closed')
  }
}
