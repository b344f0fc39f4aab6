import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import type { SettingRow } from '../../../ipc/contract/setting-schemas.ts'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { Select } from '../../ui/select.tsx'
import { Switch } from '../../ui/switch.tsx'
import { TextField } from '../../ui/text-field.tsx'
import { RowLock, RowName, UnappliedNote } from './row-marks.tsx'
import { SettingLine } from './setting-line.tsx'
import css from './settings.module.css'
import { isUnapplied, shownValue, valueOfField, valueOfFile } from './staged-values.ts'
import { useRowTexts } from './use-row-texts.ts'
import type { SettingsForm } from './use-settings-form.ts'

interface NodeRowProps {
  readonly row: SettingRow
  readonly form: SettingsForm
  readonly live: boolean
}

export function NodeRow({ row, form, live }: NodeRowProps): ReactElement {
  const { labelOf, helpOf } = useRowTexts()
  const help = helpOf(row.name)
  return (
    <SettingLine
      label={labelOf(row.name)}
      help={help ?? <span translate="no">{row.help}</span>}
      refused={form.problems.some(({ name }) => name === row.name)}
      facts={<RowFacts row={row} form={form} />}
      control={<RowControl row={row} form={form} live={live} />}
      staged={row.name in form.staged}
    />
  )
}

function RowFacts({ row, form }: Omit<NodeRowProps, 'live'>) {
  const { t } = useTranslation('settings')
  const { labelOf, valueText, sourceText } = useRowTexts()
  const isStaged = row.name in form.staged
  const theirs = form.contested.includes(row.name)
  return (
    <>
      <RowName row={row} />
      <p className={css.facts}>
        {isStaged && <Badge tone="info">{t('staged')}</Badge>}
        {!isStaged && !isUnapplied(row) && <span>{sourceText(row)}</span>}
        {row.source !== 'default' && <span>{t('defaultIs', { value: valueText(row.default, row.name) })}</span>}
        {row.pending && row.needsRestart && <Badge tone="warn">{t('pending')}</Badge>}
        {!row.pending && row.needsRestart && !row.locked && <span>{t('needsRestart')}</span>}
        {row.source === 'file' && !row.locked && form.staged[row.name]?.to !== null && (
          <Button kind="link" aria-label={t('backToDefaultOf', { label: labelOf(row.name) })} onClick={() => form.set(row, null)}>
            {t('backToDefault')}
          </Button>
        )}
      </p>
      <RowLock row={row} />
      {!isStaged && (
        <UnappliedNote row={row}>
          <Button kind="link" onClick={() => form.set(row, valueOfFile(row))}>
            {t('takeFile')}
          </Button>
        </UnappliedNote>
      )}
      {theirs && (
        <p className={css.theirs} role="alert">
          {t('theirs', { value: valueText(row.value) })}{' '}
          <Button kind="link" onClick={() => form.drop(row.name)}>
            {t('takeTheirs')}
          </Button>
        </p>
      )}
    </>
  )
}

function RowControl({ row, form, live }: NodeRowProps) {
  const { t } = useTranslation('settings')
  const { labelOf, lockText, problemText, valueText } = useRowTexts()
  const label = `${labelOf(row.name)} (${row.name})`
  const value = shownValue(row, form.staged)
  const refused = form.problems.find(({ name }) => name === row.name)
  const problem = refused === undefined ? undefined : problemText(refused)
  const reason = row.locked ? lockText(row) : live ? undefined : t('notLive')
  switch (row.kind) {
    case 'switch':
      return (
        <>
          <Switch
            label={label}
            labelHidden
            checked={value === true}
            onChange={(next) => form.set(row, next)}
            disabledReason={reason}
          />
          {problem !== undefined && <Problem text={problem} />}
        </>
      )
    case 'choice':
      return (
        <>
          <Select
            label={label}
            labelHidden
            options={row.values.map((each) => ({ value: each, label: each }))}
            value={typeof value === 'string' ? value : ''}
            onChange={(next) => form.set(row, next)}
            disabled={reason !== undefined}
          />
          {problem !== undefined && <Problem text={problem} />}
        </>
      )
    case 'text':
    case 'path':
    case 'address':
    case 'size':
      return (
        <TextField
          label={label}
          labelHidden
          mono
          value={typeof value === 'string' ? value : ''}
          placeholder={valueText(row.default, row.name)}
          onChange={(next) => form.set(row, next === '' ? valueOfField(next) : next)}
          disabled={reason !== undefined}
          error={problem}
        />
      )
  }
}

function Problem({ text }: { readonly text: string }) {
  return (
    <p className={css.problem} role="alert">
      {text}
    </p>
  )
}
