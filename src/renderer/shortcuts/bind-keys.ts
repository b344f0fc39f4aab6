import { createKeybindingsHandler } from 'tinykeys'
import type { ShortcutName } from './registry.ts'
import { keysOf, shortcutNames, shortcuts } from './registry.ts'
import type { ShortcutHub } from './shortcut-hub.ts'

const typingElements = 'input, textarea, select, [contenteditable="true"]'
/** Open menus and dialogs have keys of their own. */
const layers = '[role="dialog"], [role="alertdialog"], [role="menu"], [role="listbox"]'
/** Each of them is a dialog by its role, which nothing lies under. */
const notices = '[data-pane="notices"]'

function pattern(keys: string): string {
  if (keys === '?' || keys === '/') return `[Shift]+${keys}`
  return keys.replaceAll('mod+', '$mod+').replaceAll('shift+', 'Shift+')
}

/** Keys that write when a text is typed. */
function isBare(name: ShortcutName): boolean {
  return !/mod\+|^F\d/.test(keysOf(name) ?? '')
}

/** Remembers fields that were typed in: the browser can undo that, and does where it is asked to in such a field. */
class TypedFields {
  readonly #typed = new WeakSet<EventTarget>()

  readonly note = (event: Event): void => {
    if (event.target !== null) this.#typed.add(event.target)
  }

  canUndo(at: Element): boolean {
    return at.closest('[contenteditable="true"]') !== null || this.#typed.has(at)
  }
}

export interface KeyRules {
  /** Keys without Ctrl may be switched off: dictation and slips of the finger press them by mistake. */
  readonly singleKeys: () => boolean
}

/**
 * Listens on the window for the keys of all rows that a list does not handle itself. Each row follows the keys by itself, so that
 * one that fires leaves no other waiting for its second key; a key belongs to the first row that takes it.
 */
export function bindKeys(hub: ShortcutHub, { singleKeys }: KeyRules, target: Window = window): () => void {
  let taken: KeyboardEvent | undefined
  const fields = new TypedFields()
  const handlers = shortcutNames.flatMap((name) => {
    const keys = keysOf(name)
    if (keys === undefined || shortcuts[name].group === 'lists') return []
    const press = (event: KeyboardEvent): void => {
      if (event === taken) return
      const at = event.target instanceof Element ? event.target : undefined
      const bare = isBare(name)
      if (bare && (at?.closest(typingElements) != null || (keys.length === 1 && !singleKeys()))) return
      const layered = at?.closest(layers) != null && at.closest(notices) === null
      if (layered && !(name === 'palette.open')) return
      if (name === 'keys.undo' && at !== undefined && fields.canUndo(at)) return
      if (!hub.run(name)) return
      taken = event
      event.preventDefault()
      // Libraries listen on the window too, the toasts for F6: a key that was taken is nobody else's.
      event.stopImmediatePropagation()
    }
    return [createKeybindingsHandler({ [pattern(keys)]: press }, { ignore: () => false })]
  })
  const listen = (event: KeyboardEvent): void => {
    for (const handle of handlers) handle(event)
  }
  target.addEventListener('keydown', listen)
  target.addEventListener('input', fields.note, true)
  return () => {
    target.removeEventListener('keydown', listen)
    target.removeEventListener('input', fields.note, true)
  }
}
