/** What a node says of itself, where it stands among sentences: a node words it as a part of a line of its log. */

/** With a capital and a full stop. The name of a file keeps its letters. */
export function sentenceOf(text: string): string {
  const begun = /^[a-z]+[ :]/.test(text) ? `${text.charAt(0).toUpperCase()}${text.slice(1)}` : text
  return /[.!?…]$/.test(begun) ? begun : `${begun}.`
}

/** A chain of causes, each behind a colon, one sentence each. */
export function sentencesOf(text: string): string {
  return text.split(': ').map(sentenceOf).join(' ')
}
