import type { Settings } from '../../ipc/contract/setting-schemas.ts'

/** What keeps the screens read-only where the switch of the page Settings has no say, as it is written at a start of the node. */
export function readOnlyCause(settings: Settings | undefined): string | undefined {
  const row = settings?.rows.find(({ name }) => name === 'readOnly')
  if (row?.locked !== true) return undefined
  return row.source === 'environment' ? 'MEMO_READ_ONLY' : '--read-only'
}
