/** Columns as wide as their widest entry; nothing behind the last one of a line. */
export function textTable(rows: readonly (readonly string[])[]): string {
  const widths = rows.reduce<number[]>((so, row) => row.map((text, at) => Math.max(text.length, so[at] ?? 0)), [])
  return rows
    .map((row) =>
      row
        .map((text, at) => text.padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
