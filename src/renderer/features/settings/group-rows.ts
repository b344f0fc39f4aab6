import type { SettingRow } from '../../../ipc/contract/setting-schemas.ts'

export const rowGroups = ['data', 'grpc', 'console', 'network', 'other'] as const
export type RowGroup = (typeof rowGroups)[number]

const dataNames = ['data', 'capacity', 'keyFile']
const networkNames = ['listen', 'advertise', 'zone', 'labels', 'peers']
/** Shown as a switch of its own, see Safety. */
const elsewhere = ['readOnly']

export function groupOf(name: string): RowGroup {
  if (dataNames.includes(name)) return 'data'
  if (networkNames.includes(name)) return 'network'
  if (name.startsWith('grpc') || name === 'insecure') return 'grpc'
  return name.startsWith('console') ? 'console' : 'other'
}

export interface GroupedRows {
  readonly group: RowGroup
  readonly rows: readonly SettingRow[]
}

/** In the order of the groups and, within them, of the node; without groups that are empty. */
export function groupRows(rows: readonly SettingRow[]): GroupedRows[] {
  const shown = rows.filter(({ name }) => !elsewhere.includes(name))
  return rowGroups
    .map((group) => ({ group, rows: shown.filter(({ name }) => groupOf(name) === group) }))
    .filter((entry) => entry.rows.length > 0)
}
