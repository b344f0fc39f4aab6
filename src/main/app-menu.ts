import type { MenuItemConstructorOptions } from 'electron'

export interface MenuParts {
  readonly mac: boolean
  readonly devTools: boolean
  /** Sends the page a command by its name in the shortcut registry. */
  readonly command: (name: string) => void
  readonly reload: () => void
  readonly showLogs: () => void
  readonly restartNode: () => void
}

/** Pages by their name in the registry of shortcuts, in the order of the navigation. */
const pages = [
  ['Overview', 'go.overview'],
  ['Keys', 'go.keys'],
  ['Activity', 'go.activity'],
  ['Connect', 'go.connect'],
  ['Settings', 'go.settings'],
] as const

/** The menu of the app. Keys that the screens handle themselves are shown there and not bound here. */
export function menuTemplate(parts: MenuParts): MenuItemConstructorOptions[] {
  const { mac, devTools, command } = parts
  const send = (label: string, name: string): MenuItemConstructorOptions => ({ label, id: name, click: () => command(name) })
  return [
    ...(mac ? [{ role: 'appMenu' } as const] : []),
    {
      label: '&File',
      submenu: [
        send('New key', 'keys.new'),
        { type: 'separator' },
        { label: 'Restart the node', id: 'restart-node', click: () => parts.restartNode() },
        { type: 'separator' },
        mac ? { role: 'close' } : { role: 'quit' },
      ],
    },
    { role: 'editMenu' },
    {
      label: '&View',
      submenu: [
        send('Command palette', 'palette.open'),
        { type: 'separator' },
        ...pages.map(([label, name]) => send(label, name)),
        { type: 'separator' },
        { label: 'Reload', id: 'reload', click: () => parts.reload() },
        { role: 'resetZoom' },
        { role: 'zoomIn' },
        { role: 'zoomOut' },
        { role: 'togglefullscreen' },
        ...(devTools ? [{ role: 'toggleDevTools' } as const] : []),
      ],
    },
    { role: 'windowMenu' },
    {
      role: 'help',
      submenu: [
        send('Keyboard shortcuts', 'shortcuts.show'),
        { label: 'Show logs', id: 'show-logs', click: () => parts.showLogs() },
      ],
    },
  ]
}

/** Names of the commands that the menu sends. */
export const menuCommands: readonly string[] = ['keys.new', 'palette.open', 'shortcuts.show', ...pages.map(([, name]) => name)]
