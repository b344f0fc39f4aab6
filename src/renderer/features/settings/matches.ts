/** Whether every word stands in one of the texts, without regard to case. */
export function matches(find: string, ...texts: readonly string[]): boolean {
  const hay = texts.join(' ').toLowerCase()
  return find
    .toLowerCase()
    .split(/\s+/)
    .every((word) => hay.includes(word))
}
