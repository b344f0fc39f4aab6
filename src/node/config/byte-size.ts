const unitBytes: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1000,
  MB: 1000 ** 2,
  GB: 1000 ** 3,
  TB: 1000 ** 4,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  TiB: 1024 ** 4,
}

/** Reads `50GiB`, `1.5 TB` or a plain count of bytes; undefined for anything else, zero included. */
export function parseByteSize(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([A-Za-z]*)$/.exec(text.trim())
  const unit = unitBytes[match?.[2] === '' ? 'B' : (match?.[2] ?? 'none')]
  if (match === null || unit === undefined) return undefined
  const bytes = Math.floor(Number(match[1]) * unit)
  return bytes >= 1 && Number.isSafeInteger(bytes) ? bytes : undefined
}

/** As a person would write it, and exactly: `50GiB`, or the plain count where no unit fits. */
export function byteSizeText(bytes: number): string {
  const units = Object.entries(unitBytes).sort(([, left], [, right]) => right - left)
  const [unit, size] = units.find(([, each]) => bytes % each === 0) ?? ['B', 1]
  return size === 1 ? String(bytes) : `${bytes / size}${unit}`
}
