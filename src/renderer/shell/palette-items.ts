import fuzzysort from 'fuzzysort'
import { screenLimits } from '../app/screen-limits.ts'
import type { ShortcutName } from '../shortcuts/registry.ts'
import { shortcuts } from '../shortcuts/registry.ts'

export type PaletteItem =
  | { readonly kind: 'key'; readonly value: string }
  | { readonly kind: 'prefix'; readonly value: string }
  | { readonly kind: 'address'; readonly value: string }
  | { readonly kind: 'command'; readonly value: ShortcutName; readonly label: string }

/** The 64 hexadecimal digits of a block's address, with or without `0x`. */
export function addressIn(text: string): string | undefined {
  return /^(?:0x)?([0-9a-f]{64})$/i.exec(text.trim())?.[1]?.toLowerCase()
}

const toKeys: readonly ShortcutName[] = ['keys.new', 'keys.import', 'keys.export']

/** Whether a choice leads to another place, so that the focus has no business where it was. */
export function leadsAway(item: PaletteItem): boolean {
  if (item.kind === 'command') return shortcuts[item.value].group === 'pages' || toKeys.includes(item.value)
  return item.kind !== 'address'
}

export interface Command {
  readonly name: ShortcutName
  readonly label: string
}

/** Lets a letter be left out (“imprt”), and keeps out texts that merely have all letters somewhere. */
const matchScoreMin = 0.28

function commandItems(text: string, commands: readonly Command[]): PaletteItem[] {
  const found =
    text === '' ? commands : fuzzysort.go(text, commands, { key: 'label', threshold: matchScoreMin }).map((result) => result.obj)
  return found.slice(0, screenLimits.paletteCommandsMax).map(({ name, label }) => ({ kind: 'command', value: name, label }))
}

/** What the palette offers for a text: keys that begin with it, what it may name, and commands. */
export function paletteItems(typed: string, keys: readonly string[], commands: readonly Command[]): PaletteItem[] {
  const text = typed.trim()
  const address = addressIn(text)
  const places: PaletteItem[] = [
    ...(address === undefined ? [] : [{ kind: 'address' as const, value: address }]),
    ...keys.map((key) => ({ kind: 'key' as const, value: key })),
    ...(text === '' || address !== undefined ? [] : [{ kind: 'prefix' as const, value: text }]),
  ]
  return [
    ...places.filter((item) => item.kind !== 'prefix'),
    ...commandItems(text, commands),
    ...places.filter((item) => item.kind === 'prefix'),
  ]
}
