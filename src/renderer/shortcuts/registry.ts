/** Every command with its keys, in one place: it feeds the handlers, the palette, tooltips, the sheet and the desktop's menu. */

export const shortcutGroups = ['everywhere', 'pages', 'lists', 'keys'] as const
export type ShortcutGroup = (typeof shortcutGroups)[number]

interface Row {
  /** Names its text in `text/en/shortcuts.ts`. */
  readonly text: string
  readonly group: ShortcutGroup
  /** `mod` is Ctrl, on a Mac Command; a space stands between keys that are pressed one after the other. None: palette only. */
  readonly keys?: string
  /** Not offered in the palette, because it only makes sense where the focus is. */
  readonly localOnly?: boolean
}

function rows<const Rows extends Readonly<Record<string, Row>>>(
  table: Rows,
): { readonly [Name in keyof Rows]: Row & Rows[Name] } {
  return table
}

export const shortcuts = rows({
  'palette.open': { text: 'paletteOpen', group: 'everywhere', keys: 'mod+k', localOnly: true },
  'shortcuts.show': { text: 'shortcutsShow', group: 'everywhere', keys: '?' },
  'filter.focus': { text: 'filterFocus', group: 'everywhere', keys: '/', localOnly: true },
  'panes.next': { text: 'panesNext', group: 'everywhere', keys: 'F6', localOnly: true },
  'nav.toggle': { text: 'navToggle', group: 'everywhere', keys: 'mod+b' },
  'theme.light': { text: 'themeLight', group: 'everywhere' },
  'theme.dark': { text: 'themeDark', group: 'everywhere' },
  'theme.system': { text: 'themeSystem', group: 'everywhere' },
  'density.toggle': { text: 'densityToggle', group: 'everywhere' },
  'cluster.invite': { text: 'clusterInvite', group: 'everywhere' },
  'session.end': { text: 'sessionEnd', group: 'everywhere' },
  'go.overview': { text: 'goOverview', group: 'pages', keys: 'g o' },
  'go.keys': { text: 'goKeys', group: 'pages', keys: 'g k' },
  'go.activity': { text: 'goActivity', group: 'pages', keys: 'g l' },
  'go.connect': { text: 'goConnect', group: 'pages', keys: 'g n' },
  'go.settings': { text: 'goSettings', group: 'pages', keys: 'g s' },
  'list.move': { text: 'listMove', group: 'lists', keys: 'ArrowDown', localOnly: true },
  'list.expand': { text: 'listExpand', group: 'lists', keys: 'ArrowRight', localOnly: true },
  'list.collapse': { text: 'listCollapse', group: 'lists', keys: 'ArrowLeft', localOnly: true },
  'list.open': { text: 'listOpen', group: 'lists', keys: 'Enter', localOnly: true },
  'list.loadAll': { text: 'listLoadAll', group: 'lists', keys: 'shift+Enter', localOnly: true },
  'list.delete': { text: 'listDelete', group: 'lists', keys: 'Delete', localOnly: true },
  /** Where the palette leads to with a prefix. */
  'keys.filter': { text: 'filterFocus', group: 'keys', localOnly: true },
  'keys.new': { text: 'keysNew', group: 'keys', keys: 'n' },
  'keys.export': { text: 'keysExport', group: 'keys' },
  'keys.delete': { text: 'keysDelete', group: 'keys' },
  'keys.deletePrefix': { text: 'keysDeletePrefix', group: 'keys' },
  'keys.import': { text: 'keysImport', group: 'keys' },
  'keys.edit': { text: 'keysEdit', group: 'keys', keys: 'e' },
  'keys.save': { text: 'keysSave', group: 'keys', keys: 'mod+s' },
  'keys.diff': { text: 'keysDiff', group: 'keys', keys: 'mod+shift+d' },
  'keys.copyKey': { text: 'keysCopyKey', group: 'keys' },
  'keys.copyValue': { text: 'keysCopyValue', group: 'keys', keys: 'mod+shift+c' },
  'keys.undo': { text: 'keysUndo', group: 'keys', keys: 'mod+z' },
  'keys.inspector': { text: 'keysInspector', group: 'keys', keys: 'mod+\\' },
  'tab.1': { text: 'tab1', group: 'keys', keys: 'mod+1' },
  'tab.2': { text: 'tab2', group: 'keys', keys: 'mod+2' },
  'tab.3': { text: 'tab3', group: 'keys', keys: 'mod+3' },
  'tab.4': { text: 'tab4', group: 'keys', keys: 'mod+4' },
  'tab.5': { text: 'tab5', group: 'keys', keys: 'mod+5' },
  'tab.6': { text: 'tab6', group: 'keys', keys: 'mod+6' },
  'tab.7': { text: 'tab7', group: 'keys', keys: 'mod+7' },
  'tab.8': { text: 'tab8', group: 'keys', keys: 'mod+8' },
  'tab.9': { text: 'tab9', group: 'keys', keys: 'mod+9' },
})

export type ShortcutName = keyof typeof shortcuts
export const shortcutNames = Object.keys(shortcuts) as ShortcutName[]

export function isShortcutName(name: string): name is ShortcutName {
  return Object.hasOwn(shortcuts, name)
}

/** The keys of a command, for tooltips and menus. */
export function keysOf(name: ShortcutName): string | undefined {
  const row: Row = shortcuts[name]
  return row.keys
}
