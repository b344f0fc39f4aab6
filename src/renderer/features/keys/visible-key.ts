/**
 * Keys may hold anything that UTF-8 can write. What would be invisible, break the line or turn the direction of the text around is
 * shown as a mark, so that two keys that differ never look the same.
 */

export interface KeyPiece {
  readonly text: string
  /** Stands for a character that cannot be shown. */
  readonly mark: boolean
}

// Controls, separators of lines, zero-width and directional characters, the byte order mark, and spaces that are no plain space.
const hidden = /[\p{Cc}\p{Zl}\p{Zp}\p{Cf}\u00a0\u2000-\u200a\u202f\u205f\u3000\u115f\u1160\u3164\uffa0]/gu

const names: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\0': '\\0' }

function markOf(character: string): string {
  const code = character.codePointAt(0) ?? 0
  return names[character] ?? `U+${code.toString(16).toUpperCase().padStart(4, '0')}`
}

export function keyPieces(text: string): KeyPiece[] {
  const pieces: KeyPiece[] = []
  let from = 0
  for (const match of text.matchAll(hidden)) {
    if (match.index > from) pieces.push({ text: text.slice(from, match.index), mark: false })
    pieces.push({ text: markOf(match[0]), mark: true })
    from = match.index + match[0].length
  }
  if (from < text.length) pieces.push({ text: text.slice(from), mark: false })
  // Spaces at the ends are easily overlooked.
  return pieces.flatMap((piece, index) => endSpaces(piece, index === 0, index === pieces.length - 1))
}

function endSpaces(piece: KeyPiece, first: boolean, last: boolean): KeyPiece[] {
  if (piece.mark) return [piece]
  const head = first ? (/^ +/.exec(piece.text)?.[0] ?? '') : ''
  const rest = piece.text.slice(head.length)
  const tail = last ? (/ +$/.exec(rest)?.[0] ?? '') : ''
  const middle = rest.slice(0, rest.length - tail.length)
  return [
    ...(head === '' ? [] : [{ text: '·'.repeat(head.length), mark: true }]),
    ...(middle === '' ? [] : [{ text: middle, mark: false }]),
    ...(tail === '' ? [] : [{ text: '·'.repeat(tail.length), mark: true }]),
  ]
}

/** One line of plain text, for tooltips, titles and screen readers. */
export function visibleKey(text: string): string {
  return keyPieces(text)
    .map((piece) => piece.text)
    .join('')
}

/** Shortened in the middle; by whole characters. */
export function shortText(text: string, charsMax: number): string {
  const characters = [...text]
  if (characters.length <= charsMax) return text
  const head = Math.ceil((charsMax - 1) * 0.6)
  return `${characters.slice(0, head).join('')}…${characters.slice(characters.length - (charsMax - 1 - head)).join('')}`
}
