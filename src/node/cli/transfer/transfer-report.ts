import type { JsonValue } from '../cli-output.ts'

/** Why something was not carried over although nothing failed. The words stand in --json and in docs/CLI.md. */
export type SkipReason =
  // import
  | 'already-there'
  | 'symbolic-link'
  | 'special-file'
  | 'name-not-utf8'
  | 'key-empty'
  | 'key-too-long'
  // export
  | 'name-escapes-folder'
  | 'name-not-possible'
  | 'name-too-long'
  | 'reserved-name'
  | 'file-folder-collision'
  | 'case-collision'
  | 'link-in-the-way'
  | 'vanished'

/**
 * What went wrong for one name while the rest went on. Of what an export meets damaged, `damaged` is a value and `entry-damaged` what
 * the node knows of a key; both are reported as `unreadable-now` where the node's index is damaged, since another start may find them whole.
 */
export type FailReason = 'unreadable' | 'refused-by-node' | 'damaged' | 'entry-damaged'
type ToldReason = FailReason | 'unreadable-now'

/** What is in a folder and is no value. */
const valuelessSkips: ReadonlySet<SkipReason> = new Set(['symbolic-link', 'special-file'])

/** Skips after which nothing is missing on the other side. */
const harmlessSkips: ReadonlySet<SkipReason> = new Set(['already-there', 'vanished'])

const damageReasons: ReadonlySet<FailReason> = new Set(['damaged', 'entry-damaged'])

const examplesMax = 5
/** Of a name in the text for people, in characters. */
const shownNameChars = 100
/** Names of what is damaged: somebody has to look after each. */
const damagedNamesMax = 1000

interface Tally {
  count: number
  readonly examples: string[]
}

/** Counts what an import or export did, with a few names for each reason. */
export class TransferReport {
  copied = 0
  copiedBytes = 0
  compared = 0
  /** Of an export: the node's index is damaged, and keys may be missing without a trace. */
  incomplete = false
  readonly startedMs: number
  private readonly skips = new Map<SkipReason, Tally>()
  private readonly failures = new Map<FailReason, Tally>()

  constructor(startedMs: number) {
    this.startedMs = startedMs
  }

  copy(bytes: number): void {
    this.copied += 1
    this.copiedBytes += bytes
  }

  skip(reason: SkipReason, name: string): void {
    tally(this.skips, reason, name, examplesMax)
  }

  fail(reason: FailReason, name: string): void {
    tally(this.failures, reason, name, damageReasons.has(reason) ? damagedNamesMax : examplesMax)
  }

  get handled(): number {
    return this.copied + total(this.skips) + total(this.failures)
  }

  get failed(): number {
    return total(this.failures)
  }

  /** Whether the node's store proved damaged. */
  get isDamaged(): boolean {
    return this.incomplete || this.failures.has('damaged') || this.failures.has('entry-damaged')
  }

  /** What the other side does not have although this side has it. */
  get leftOut(): number {
    return total(new Map([...this.skips].filter(([reason]) => !harmlessSkips.has(reason))))
  }

  /** `leftOut` without what is no value. */
  get valuesLeftOut(): number {
    return this.leftOut - total(new Map([...this.skips].filter(([reason]) => valuelessSkips.has(reason))))
  }

  toJson(nowMs: number): JsonValue {
    return {
      copied: this.copied,
      copiedBytes: this.copiedBytes,
      skipped: total(this.skips),
      leftOut: this.leftOut,
      failed: total(this.failures),
      ...(this.incomplete && { incomplete: true }),
      durationMs: Math.round(nowMs - this.startedMs),
      skips: reasons(this.skips),
      failures: reasons(this.toldFailures()),
    }
  }

  toText(verb: string, nowMs: number): string {
    const seconds = Math.max(0.001, (nowMs - this.startedMs) / 1000)
    const rate = Math.round(this.copied / seconds)
    const lines = [`${verb} ${this.copied} (${byteText(this.copiedBytes)}) in ${seconds.toFixed(1)} s, ${rate} a second`]
    for (const [reason, { count, examples }] of this.skips)
      lines.push(line(harmlessSkips.has(reason) ? 'skipped' : 'left out', reason, count, examples))
    for (const [reason, { count, examples }] of this.toldFailures()) lines.push(line('FAILED', reason, count, examples))
    if (this.incomplete) lines.push(incompleteText)
    return lines.join('\n')
  }

  private toldFailures(): ReadonlyMap<ToldReason, Tally> {
    if (!this.incomplete) return this.failures
    const told = new Map<ToldReason, Tally>()
    for (const [reason, { count, examples }] of this.failures) {
      const named = damageReasons.has(reason) ? 'unreadable-now' : reason
      const before = told.get(named) ?? { count: 0, examples: [] }
      told.set(named, { count: before.count + count, examples: [...before.examples, ...examples].slice(0, damagedNamesMax) })
    }
    return told
  }
}

const incompleteText =
  'INCOMPLETE: the index of the node is damaged, so that keys may be missing from what it lists, and what is unreadable now may be whole; "memo doctor" says what to do, and whether a restart brings it back'

function tally<Reason>(tallies: Map<Reason, Tally>, reason: Reason, name: string, namesMax: number): void {
  const entry = tallies.get(reason) ?? { count: 0, examples: [] }
  entry.count += 1
  if (entry.examples.length < namesMax) entry.examples.push(name)
  tallies.set(reason, entry)
}

function total(tallies: ReadonlyMap<unknown, Tally>): number {
  let sum = 0
  for (const { count } of tallies.values()) sum += count
  return sum
}

function reasons(tallies: ReadonlyMap<string, Tally>): readonly JsonValue[] {
  return [...tallies].map(([reason, { count, examples }]) => ({ reason, count, examples }))
}

function line(word: string, reason: string, count: number, examples: readonly string[]): string {
  const names = examples.map(shownName).join(', ')
  const shown = reason === 'already-there' ? '' : `: ${names}${count > examples.length ? ', ...' : ''}`
  return `${word} ${count} ${reason.replaceAll('-', ' ')}${shown}`
}

function shownName(name: string): string {
  if (name === '') return '""'
  return name.length <= shownNameChars ? name : `${name.slice(0, shownNameChars).toWellFormed()}...`
}

/** 1536 -> 1.5 KiB */
export function byteText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let value = bytes
  let unit = 0
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit += 1
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`
}
