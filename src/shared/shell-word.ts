/** For a POSIX shell: bare where that is safe, else in single quotes, and with C escapes where it holds control characters. */
export function shellWord(text: string): string {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text
  if (Array.from(text).some(isControl)) return `$'${escapeControl(text.replaceAll('\\', '\\\\').replaceAll("'", "\\'"))}'`
  return `'${text.replaceAll("'", "'\\''")}'`
}

function escapeControl(text: string): string {
  return Array.from(text, (letter) =>
    isControl(letter) ? `\\x${letter.charCodeAt(0).toString(16).padStart(2, '0')}` : letter,
  ).join('')
}

function isControl(letter: string): boolean {
  return letter < ' ' || letter === '\u007f'
}
