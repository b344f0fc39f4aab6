/** Texts as literals of the languages that snippets are written in; for a shell there is `shellWord`. */

/**
 * JSON, and with the few letters escaped that JSON allows and scripts do not, and those that would turn the direction of the line.
 * It is also a literal of JavaScript, Python and Go.
 */
export function doubleQuoted(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** In single quotes, as JavaScript and Python read it alike. */
export function singleQuoted(text: string): string {
  const inner = doubleQuoted(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")
  return `'${inner}'`
}
