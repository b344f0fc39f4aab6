/** Texts as literals of the languages that snippets are written in. */

/** For a POSIX shell: bare where that is safe, else in single quotes, and with C escapes where it holds control characters. */
export function shellWord(text: string): string {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text
  if (Array.from(text).some(isControl)) return `$'${escapeControl(text.replaceAll('\\', '\\\\').replaceAll("'", "\\'"))}'`
  return `'${text.replaceAll("'", "'\\''")}'`
}

/**
 * JSON, and with the few letters escaped that JSON allows and scripts do not, and those that would turn the direction of the line.
 * It is also a literal of JavaScript, Python and Go.
 */
export function doubleQuoted(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    (letter) => `\\u${hex(letter, 4)}`,
  )
}

/** In single quotes, as JavaScript and Python read it alike. */
export function singleQuoted(text: string): string {
  const inner = doubleQuoted(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")
  return `'${inner}'`
}

function hex(letter: string, digits: number): string {
  return letter.charCodeAt(0).toString(16).padStart(digits, '0')
}

function escapeControl(text: string): string {
  return Array.from(text, (letter) => (isControl(letter) ? `\\x${hex(letter, 2)}` : letter)).join('')
}

function isControl(letter: string): boolean {
  return letter < ' ' || letter === '\u007f'
}
