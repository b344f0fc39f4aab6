/** The prefix as a place for what is imported: one that was typed as a filter may end in the middle of a name. */
export function folderOf(prefix: string, delimiter: string): string {
  return prefix.endsWith(delimiter) ? prefix : ''
}
