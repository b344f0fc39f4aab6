import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import type { SettingRow, Settings } from '../../../ipc/contract/setting-schemas.ts'
import type { RowGroup } from './group-rows.ts'
import { groupRows } from './group-rows.ts'
import { matches } from './matches.ts'
import { NodeRow } from './node-row.tsx'
import { Section } from './setting-line.tsx'
import css from './settings.module.css'
import { useRowTexts } from './use-row-texts.ts'
import type { SettingsForm } from './use-settings-form.ts'

interface NodeSectionProps {
  readonly settings: Settings
  readonly form: SettingsForm
  readonly find: string
  readonly live: boolean
}

function useGroupTexts(): Readonly<Record<RowGroup, string>> {
  const { t } = useTranslation('settings')
  return {
    data: t('groupData'),
    grpc: t('groupGrpc'),
    console: t('groupConsole'),
    network: t('groupNetwork'),
    other: t('groupOther'),
  }
}

export function NodeSection({ settings, form, find, live }: NodeSectionProps): ReactElement | null {
  const { t } = useTranslation('settings')
  const { labelOf, helpOf } = useRowTexts()
  const groupTexts = useGroupTexts()
  const groups = groupRows(settings.rows)
    .map(({ group, rows }) => {
      const found = (row: SettingRow) =>
        matches(find, t('node'), groupTexts[group], labelOf(row.name), row.name, helpOf(row.name) ?? '', row.help)
      return { group, rows: rows.filter(found) }
    })
    .filter(({ rows }) => rows.length > 0)
  if (groups.length === 0) return null
  return (
    <Section id="node" title={t('node')} text={t('nodeText', { file: settings.file })}>
      {groups.map(({ group, rows }) => (
        <div key={group} className={css.group}>
          <h3 className={css.groupTitle}>{groupTexts[group]}</h3>
          <div className={css.lines}>
            {rows.map((row) => (
              <NodeRow key={row.name} row={row} form={form} live={live} />
            ))}
          </div>
        </div>
      ))}
    </Section>
  )
}
