import { Lock } from 'lucide-react'
import type { ReactElement, ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { SettingRow } from '../../../ipc/contract/setting-schemas.ts'
import { settingFlag } from '../../../shared/setting-flag.ts'
import css from './settings.module.css'
import { isUnapplied } from './staged-values.ts'
import { useRowTexts } from './use-row-texts.ts'

interface RowProps {
  readonly row: SettingRow
}

/** What files and command lines call it. */
export function RowName({ row: { name } }: RowProps): ReactElement {
  return (
    <p className={css.name} translate="no">
      <code>{name}</code> <code>{settingFlag(name)}</code>
    </p>
  )
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

interface UnappliedNoteProps extends RowProps {
  /** How it is put in force. */
  readonly children: ReactNode
}

/** The file says something else than what is in force, although the setting needs no start. */
export function UnappliedNote({ row, children }: UnappliedNoteProps): ReactElement | null {
  const { t } = useTranslation('settings')
  const { valueText } = useRowTexts()
  if (!isUnapplied(row)) return null
  return (
    <p className={css.theirs} role="alert">
      {t(row.source === 'default' ? 'unappliedDefault' : 'unapplied', {
        value: valueText(row.value),
        inForce: valueText(row.inForce),
      })}{' '}
      {children}
    </p>
  )
}
