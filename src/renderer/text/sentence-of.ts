/** What a node says of itself, where it stands among sentences: a node words it as a part of a line of its log. */

/** With a capital. Names such as gRPC, of files and of the program keep their letters. */
export function asSentence(text: string): string {
  return /^[a-z]+(?:[\s:,;]|$)/.test(text) && !text.startsWith('memo ') ? `${text.charAt(0).toUpperCase()}${text.slice(1)}` : text
}

/** With a capital and a full stop. */
export function sentenceOf(text: string): string {
  const begun = asSentence(text)
  return /[.!?…]$/.test(begun) ? begun : `${begun}.`
}

/** A chain of causes, each behind a colon, one sentence each. */
export function sentencesOf(text: string): string {
  return text.split(': ').map(sentenceOf).join(' ')
}
