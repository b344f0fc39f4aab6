/** Changes of settings that a person has made in the form and not applied yet, and what became of the settings meanwhile. */

import { z } from 'zod'
import type { SettingRow, Settings } from '../../../ipc/contract/setting-schemas.ts'
import { settingValueSchema } from '../../../ipc/contract/setting-schemas.ts'

export type SettingValue = SettingRow['value']

/** By name: what the setting was when the person changed it, and what it is to be; null goes back to the default. */
export type Staged = Readonly<Record<string, { readonly from: SettingValue; readonly to: SettingValue }>>

const stagedSchema = z.record(z.string(), z.strictObject({ from: settingValueSchema, to: settingValueSchema }))

/** What `stagedText` wrote; nothing where it is damaged. */
export function parseStaged(text: string | undefined): Staged {
  if (text === undefined) return {}
  try {
    return stagedSchema.parse(JSON.parse(text))
  } catch {
    return {}
  }
}

export function stagedText(staged: Staged): string {
  return JSON.stringify(staged)
}

/** What a field says as a value: an empty one goes back to the default. */
export function valueOfField(text: string): SettingValue {
  return text.trim() === '' ? null : text.trim()
}

/** Somebody changed it in the file, past the node: it needs no start, and waits for whatever is saved next. */
export function isUnapplied(row: SettingRow): boolean {
  return row.pending && !row.needsRestart
}

/** Rows that wait for whatever is saved next and that this text in place of the file's leaves as they stand there; none where it is no JSON. */
export function untouchedBy(text: string, settings: Settings): SettingRow[] {
  const before = membersOf(settings.text)
  const after = membersOf(text)
  if (after === undefined) return []
  return settings.rows.filter((row) => isUnapplied(row) && before?.[row.name] === after[row.name])
}

function membersOf(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return z.record(z.string(), z.unknown()).safeParse(value).data
  } catch {
    return undefined
  }
}

/** The change that puts in force what the file says. */
export function valueOfFile(row: SettingRow): SettingValue {
  return row.source === 'default' ? null : row.value
}

/** Whether a change to `to` would leave the setting as it is. */
function changesNothing(row: SettingRow, to: SettingValue): boolean {
  if (isUnapplied(row)) return false
  if (to === null) return row.source === 'default' || row.value === null
  return row.value === to
}

export function stage(staged: Staged, row: SettingRow, to: SettingValue): Staged {
  const { [row.name]: before, ...others } = staged
  if (row.locked || changesNothing(row, to)) return others
  return { ...others, [row.name]: { from: before?.from ?? row.value, to } }
}

export function unstage(staged: Staged, name: string): Staged {
  const { [name]: _dropped, ...others } = staged
  return others
}

/** The changes that are still to be made: without those that somebody else made as well, or that have become impossible. */
export function stillStaged(staged: Staged, rows: readonly SettingRow[]): Staged {
  const open = Object.entries(staged).filter(([name, { to }]) => {
    const row = rows.find((candidate) => candidate.name === name)
    return row !== undefined && !row.locked && !changesNothing(row, to)
  })
  return Object.fromEntries(open)
}

/** Names whose value somebody else has changed since the person did. */
export function contested(staged: Staged, rows: readonly SettingRow[]): string[] {
  return Object.entries(staged)
    .filter(([name, { from, to }]) => rows.some((row) => row.name === name && row.value !== from && row.value !== to))
    .map(([name]) => name)
}

export function stagedValues(staged: Staged): Record<string, SettingValue> {
  return Object.fromEntries(Object.entries(staged).map(([name, { to }]) => [name, to]))
}

/** What the form shows for a row: what is in force, or will be by the next start. */
export function shownValue(row: SettingRow, staged: Staged): SettingValue {
  const entry = staged[row.name]
  if (entry === undefined) return row.needsRestart ? row.value : row.inForce
  return entry.to ?? row.default
}
