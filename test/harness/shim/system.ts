/** What the desktop offers beside windows: answered from what a test has set, and noted for it. */

import { EventEmitter } from 'node:events'
import type { CrashReporter, Dialog, MenuItemConstructorOptions, Menu as RealMenu, Screen, Shell } from 'electron'
import { strictObject } from './strict-object.ts'

export const noted: { readonly opened: string[]; readonly shown: string[]; readonly dialogs: string[]; crashReporter?: unknown } =
  {
    opened: [],
    shown: [],
    dialogs: [],
  }

/** What the next dialogs are answered with. */
export const answers: { button: number; directory: string | undefined } = { button: 0, directory: undefined }

export const dialog = strictObject('dialog', {
  showMessageBox: async (...args: readonly unknown[]) => {
    const options = args.at(-1) as { readonly message: string }
    noted.dialogs.push(options.message)
    return { response: answers.button, checkboxChecked: false }
  },
  showOpenDialog: async () => {
    const { directory } = answers
    return { canceled: directory === undefined, filePaths: directory === undefined ? [] : [directory] }
  },
} satisfies { [Name in 'showMessageBox' | 'showOpenDialog']: (...args: never[]) => ReturnType<Dialog[Name]> })

export const shell = strictObject<Pick<Shell, 'openExternal' | 'openPath'>>('shell', {
  async openExternal(url) {
    noted.opened.push(url)
  },
  async openPath(path) {
    noted.shown.push(path)
    return ''
  },
})

const workArea = { x: 0, y: 0, width: 1920, height: 1040 }
export const screen = strictObject<Pick<Screen, 'getAllDisplays'>>('screen', {
  getAllDisplays: () => [{ workArea }] as unknown as ReturnType<Screen['getAllDisplays']>,
})

class ShimMenu {
  static current: ShimMenu | undefined
  readonly template: readonly MenuItemConstructorOptions[]

  constructor(template: readonly MenuItemConstructorOptions[]) {
    this.template = template
  }

  static buildFromTemplate(template: MenuItemConstructorOptions[]): ShimMenu {
    return new ShimMenu(template)
  }

  static setApplicationMenu(menu: ShimMenu | null): void {
    ShimMenu.current = menu ?? undefined
  }

  /** As a person would choose an entry. */
  click(id: string): void {
    const entries = (items: readonly MenuItemConstructorOptions[]): MenuItemConstructorOptions[] =>
      items.flatMap((item) => [item, ...(Array.isArray(item.submenu) ? entries(item.submenu) : [])])
    const item = entries(this.template).find((each) => each.id === id)
    if (item?.click === undefined) throw new Error(`the menu has no entry ${id}`)
    item.click(undefined as never, undefined, undefined as never)
  }
}
export const menus = ShimMenu
export const Menu = strictObject('Menu', {
  buildFromTemplate: ShimMenu.buildFromTemplate,
  setApplicationMenu: ShimMenu.setApplicationMenu,
} satisfies {
  [Name in 'buildFromTemplate' | 'setApplicationMenu']: Pick<typeof RealMenu, Name>[Name] extends never ? never : unknown
})

const power = new EventEmitter()
export const powerMonitor = strictObject('powerMonitor', { on: power.on.bind(power), emit: power.emit.bind(power) })

export const crashReporter = strictObject<Pick<CrashReporter, 'start'>>('crashReporter', {
  start(options) {
    noted.crashReporter = options
  },
})
