import { isCoded } from './coded-error.ts'

/** Details of the `data-corrupt` of a record that is not found in an index which is known to be damaged. */
export const hiddenDetails = { hidden: true } as const

/** Whether the error says that nobody can tell if a record is there; no damaged record was read. */
export function isHidden(error: unknown): boolean {
  if (!isCoded(error, 'data-corrupt')) return false
  const { hidden } = error.details
  return hidden === true
}
