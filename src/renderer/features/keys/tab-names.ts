/** What tabs are called: the end of their key, with as much before it as tells it from the others. */

import { shortText, visibleKey } from './visible-key.ts'

const charsMax = 24

export function tabNames(keys: readonly string[], delimiter: string): ReadonlyMap<string, string> {
  return new Map(keys.map((key) => [key, nameOf(key, keys, delimiter)]))
}

function nameOf(key: string, keys: readonly string[], delimiter: string): string {
  for (let parts = 1; ; parts += 1) {
    const tail = lastParts(key, parts, delimiter)
    const name = shortened(tail)
    const alone = keys.every((other) => other === key || shortened(lastParts(other, parts, delimiter)) !== name)
    if (alone) return name
    // What was cut away of two long keys is where they differ.
    if (tail === key) return visibleKey(key)
  }
}

function shortened(tail: string): string {
  return shortText(visibleKey(tail), charsMax)
}

function lastParts(key: string, count: number, delimiter: string): string {
  if (delimiter === '') return key
  const parts = key.split(delimiter)
  // A separator at the end belongs to the last part.
  return parts.slice(parts.at(-1) === '' ? -count - 1 : -count).join(delimiter)
}
