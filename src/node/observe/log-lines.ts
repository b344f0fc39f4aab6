import type { GateLevel } from './log-level-gate.ts'
import { gateLevels, isAtLeast } from './log-level-gate.ts'

export interface LogEntry {
  /** Grows by one for each line of the run. */
  readonly sequence: number
  readonly timeMs: number
  readonly level: GateLevel
  readonly subsystem: string
  readonly message: string
  /** JSON of the facts; empty where there are none. */
  readonly facts: string
}

export interface LogSearch {
  readonly level?: GateLevel | undefined
  readonly subsystem?: string | undefined
  /** In message or facts, without regard to case. */
  readonly text?: string | undefined
}

/** A line as the log's destination got it, with what a search asks first. */
export interface KeptLine {
  readonly sequence: number
  readonly timeMs: number
  readonly level: GateLevel
  readonly subsystem: string
  readonly text: string
}

const head = /^\{"level":"(\w+)","time":"([^"]+)"(?:,"subsystem":"([^"\\]*)")?/
/** A longer line keeps its message only. */
const lineCharactersMax = 16 * 1024

/** Undefined for what is no line of the log. */
export function keptLine(text: string, sequence: number): KeptLine | undefined {
  const found = head.exec(text)
  const level = gateLevels.find((each) => each === found?.[1])
  if (found === null || level === undefined) return undefined
  const facts = { sequence, level, subsystem: found[3] ?? '', timeMs: Date.parse(found[2] ?? '') }
  return { ...facts, text: text.length <= lineCharactersMax ? text : shortened(text) }
}

function shortened(text: string): string {
  const { level, time, subsystem, msg } = JSON.parse(text) as Readonly<Record<string, unknown>>
  const message = String(msg).slice(0, lineCharactersMax / 2)
  return JSON.stringify({ level, time, subsystem, leftOut: `${text.length} characters`, msg: message })
}

function entryOf({ sequence, timeMs, level, subsystem, text }: KeptLine): LogEntry {
  const { level: _, time: __, subsystem: ___, msg, ...facts } = JSON.parse(text) as Readonly<Record<string, unknown>>
  return {
    ...{ sequence, timeMs, level, subsystem },
    message: String(msg ?? ''),
    facts: Object.keys(facts).length === 0 ? '' : JSON.stringify(facts),
  }
}

/** Gives the entry of a line that matches, and undefined for others, of which few are parsed. */
export function lineMatcher({ level, subsystem, text }: LogSearch): (line: KeptLine) => LogEntry | undefined {
  const shown = text === undefined || text === '' ? undefined : containing(text)
  // A quote or backslash is escaped once more inside of the line; of what is there the parsed entry decides.
  const raw = text === undefined || text === '' ? undefined : [containing(text), containing(JSON.stringify(text).slice(1, -1))]
  return (line) => {
    if (level !== undefined && !isAtLeast(line.level, level)) return undefined
    if (subsystem !== undefined && subsystem !== '' && line.subsystem !== subsystem) return undefined
    if (raw !== undefined && !raw.some((each) => each.test(line.text))) return undefined
    const entry = entryOf(line)
    return shown === undefined || shown.test(entry.message) || shown.test(entry.facts) ? entry : undefined
  }
}

function containing(text: string): RegExp {
  return new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'), 'i')
}
