import { Lock } from 'lucide-react'
import type { ReactElement } from 'react'
import type { SettingRow } from '../../../ipc/contract/setting-schemas.ts'
import css from './settings.module.css'
import { useRowTexts } from './use-row-texts.ts'

interface RowProps {
  readonly row: SettingRow
}

/** What files and command lines call it. */
export function RowName({ row: { name } }: RowProps): ReactElement {
  return (
    <p className={css.name} translate="no">
      <code>{name}</code> <code>{flagOf(name)}</code>
    </p>
  )
}

/** readyFile -> --ready-file */
function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
}

/** Why it cannot be changed here. */
export function RowLock({ row }: RowProps): ReactElement | null {
  const { lockText } = useRowTexts()
  if (!row.locked) return null
  return (
    <p className={css.facts}>
      <Lock size={12} aria-hidden="true" />
      {lockText(row)}
    </p>
  )
}
