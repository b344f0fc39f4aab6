import css from './key-caps.module.css'

const onMac = /mac|iphone|ipad/i.test(navigator.platform)

const names: Readonly<Record<string, string>> = {
  mod: onMac ? '⌘' : 'Ctrl',
  shift: onMac ? '⇧' : 'Shift',
  alt: onMac ? '⌥' : 'Alt',
  enter: '↵',
  escape: 'Esc',
  delete: 'Del',
  arrowup: '↑',
  arrowdown: '↓',
  arrowleft: '←',
  arrowright: '→',
  backslash: '\\',
}

function capOf(key: string): string {
  return names[key.toLowerCase()] ?? (key.length === 1 ? key.toUpperCase() : key)
}

/** The keys of a shortcut for people: `mod+shift+d` becomes Ctrl, Shift, D, and `g k` two keys one after the other. */
export function capsOf(keys: string): string[] {
  return keys.split(' ').flatMap((press) => press.split('+').map(capOf))
}

export function KeyCaps({ keys }: { readonly keys: string }) {
  const caps = capsOf(keys)
  return (
    <span className={css.caps}>
      {caps.map((cap, index) => (
        <kbd className={css.cap} key={`${cap} ${caps.indexOf(cap, index)}`}>
          {cap}
        </kbd>
      ))}
    </span>
  )
}
