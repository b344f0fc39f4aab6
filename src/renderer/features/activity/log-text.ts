import type { LogFilter, LogLevel, LogLine } from '../../../ipc/contract/log-schemas.ts'

/** What the filter of the page says; `all` and the empty text ask for nothing. */
export interface FilterChoice {
  readonly level: LogLevel | 'all'
  readonly subsystem: string
  readonly text: string
}

export const noChoice: FilterChoice = { level: 'all', subsystem: '', text: '' }

const textMax = 256

export function filterOf({ level, subsystem, text }: FilterChoice): LogFilter {
  const wanted = text.trim().slice(0, textMax)
  return {
    ...(level !== 'all' && { level }),
    ...(subsystem !== '' && { subsystem }),
    ...(wanted !== '' && { text: wanted }),
  }
}

export function isFiltered(choice: FilterChoice): boolean {
  return Object.keys(filterOf(choice)).length > 0
}

/** Undefined where the facts are no object that could be set out. */
export function factsOf(line: LogLine): Readonly<Record<string, unknown>> | undefined {
  if (line.facts === '') return undefined
  try {
    const facts: unknown = JSON.parse(line.facts)
    return typeof facts === 'object' && facts !== null && !Array.isArray(facts) ? { ...facts } : undefined
  } catch {
    return undefined
  }
}

/** `segment=18 bytes=65536`: short, for one row. */
export function factsText(line: LogLine): string {
  const facts = factsOf(line)
  if (facts === undefined) return line.facts
  return Object.entries(facts)
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' ')
}

/** One line as JSON, the form in which it is copied and exported. */
export function lineJson(line: LogLine): string {
  const { sequence, timeMs, level, subsystem, message } = line
  return JSON.stringify({
    time: new Date(timeMs).toISOString(),
    level,
    subsystem,
    message,
    sequence,
    facts: factsOf(line) ?? (line.facts === '' ? undefined : line.facts),
  })
}

export function exportedLines(lines: readonly LogLine[]): string {
  return lines.map((line) => `${lineJson(line)}\n`).join('')
}

export interface TextPart {
  readonly text: string
  readonly found: boolean
}

/** The text cut where the searched one stands in it, without regard to case. */
export function markedParts(text: string, wanted: string): TextPart[] {
  const needle = wanted.trim().toLowerCase()
  const haystack = text.toLowerCase()
  // Letters that change their length with their case would shift the marks.
  if (needle === '' || haystack.length !== text.length) return [{ text, found: false }]
  const parts: TextPart[] = []
  let at = 0
  for (let next = haystack.indexOf(needle); next !== -1; next = haystack.indexOf(needle, at)) {
    if (next > at) parts.push({ text: text.slice(at, next), found: false })
    parts.push({ text: text.slice(next, next + needle.length), found: true })
    at = next + needle.length
  }
  if (at < text.length) parts.push({ text: text.slice(at), found: false })
  return parts.length === 0 ? [{ text, found: false }] : parts
}
