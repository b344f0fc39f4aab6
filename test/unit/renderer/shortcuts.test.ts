import { expect, test } from 'vitest'
import { menuCommands } from '../../../src/main/app-menu.ts'
import { bindKeys } from '../../../src/renderer/shortcuts/bind-keys.ts'
import { isShortcutName, keysOf, shortcutGroups, shortcutNames, shortcuts } from '../../../src/renderer/shortcuts/registry.ts'
import { ShortcutHub } from '../../../src/renderer/shortcuts/shortcut-hub.ts'
import { shortcuts as texts } from '../../../src/renderer/text/en/shortcuts.ts'
import { capsOf } from '../../../src/renderer/ui/key-caps.tsx'

test('every row and group has a text, and no text is left over', () => {
  const used = new Set<string>([...shortcutNames.map((name) => shortcuts[name].text), ...shortcutGroups])
  expect(Object.keys(texts).toSorted()).toEqual([...used].toSorted())
})

test('no two rows have the same keys', () => {
  const keys = shortcutNames.flatMap((name) => keysOf(name) ?? [])
  expect(new Set(keys).size).toBe(keys.length)
})

test('what the menu of the desktop sends is in the registry', () => {
  expect(menuCommands.filter((name) => !isShortcutName(name))).toEqual([])
  expect(isShortcutName('toString')).toBe(false)
})

test('the latest handler gets the command, the one before it takes over again', () => {
  const hub = new ShortcutHub()
  const ran: string[] = []
  expect(hub.run('keys.new')).toBe(false)
  const below = hub.handle('keys.new', () => ran.push('below'))
  const above = hub.handle('keys.new', () => ran.push('above'))
  hub.run('keys.new')
  above()
  hub.run('keys.new')
  expect(ran).toEqual(['above', 'below'])
  expect(hub.available()).toEqual(['keys.new'])
  below()
  expect(hub.available()).toEqual([])
})

test('keys are written for people', () => {
  expect(capsOf('mod+shift+d')).toEqual(['Ctrl', 'Shift', 'D'])
  expect(capsOf('g k')).toEqual(['G', 'K'])
  expect(capsOf('F6')).toEqual(['F6'])
})

function press(...keys: readonly string[]): void {
  for (const key of keys) window.dispatchEvent(new KeyboardEvent('keydown', { key, code: `Key${key.toUpperCase()}` }))
}

test('two keys in a row are one command, and leave nothing behind for the next', () => {
  const hub = new ShortcutHub()
  const ran: string[] = []
  for (const name of ['go.keys', 'go.connect', 'go.activity', 'keys.new'] as const) hub.handle(name, () => ran.push(name))
  const end = bindKeys(hub, { singleKeys: () => true })
  press('g', 'k', 'n')
  expect(ran.splice(0)).toEqual(['go.keys', 'keys.new'])
  press('g', 'l', 'g', 'n')
  expect(ran.splice(0)).toEqual(['go.activity', 'go.connect'])
  press('g', 'x', 'n')
  expect(ran.splice(0)).toEqual(['keys.new'])
  end()
  press('n')
  expect(ran).toEqual([])
})
