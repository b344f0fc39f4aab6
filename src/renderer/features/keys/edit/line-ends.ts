/** Editors know one end of a line. A value gets back the ends that it had, so that an edit changes only what was edited. */
export type LineEnds = 'lf' | 'crlf' | 'mixed'

export function lineEndsOf(text: string): LineEnds {
  if (!text.includes('\r')) return 'lf'
  const plain = text.replaceAll('\r\n', '')
  return plain.includes('\r') || plain.includes('\n') ? 'mixed' : 'crlf'
}

export function withoutReturns(text: string): string {
  return text.replaceAll(/\r\n?/g, '\n')
}

export function withLineEnds(text: string, ends: LineEnds): string {
  return ends === 'crlf' ? text.replaceAll('\n', '\r\n') : text
}
