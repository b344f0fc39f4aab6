import type { ReactElement } from 'react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { SettingRow, Settings } from '../../../ipc/contract/setting-schemas.ts'
import { failureOf } from '../../connection/failure.ts'
import { Button } from '../../ui/button.tsx'
import { Switch } from '../../ui/switch.tsx'
import { matches } from './matches.ts'
import { RowLock, RowName, UnappliedNote } from './row-marks.tsx'
import { Section, SettingLine } from './setting-line.tsx'
import css from './settings.module.css'
import type { SettingValue } from './staged-values.ts'
import { isUnapplied, valueOfFile } from './staged-values.ts'
import { useRowTexts } from './use-row-texts.ts'
import { useSaveSettings } from './use-settings-form.ts'

interface SafetySectionProps {
  readonly settings: Settings
  readonly find: string
  readonly live: boolean
}

export function SafetySection({ settings, find, live }: SafetySectionProps): ReactElement | null {
  const { t } = useTranslation('settings')
  if (!matches(find, t('safety'), t('readOnly'), t('readOnlyHelp'), 'readOnly')) return null
  const row = settings.rows.find(({ name }) => name === 'readOnly')
  return (
    <Section id="safety" title={t('safety')} text={t('safetyText')}>
      <div className={css.lines}>
        {row === undefined ? (
          <SettingLine
            label={t('readOnly')}
            help={t('readOnlyHelp')}
            control={<p className={css.muted}>{t('readOnlyUnknown')}</p>}
          />
        ) : (
          <ReadOnlyLine row={row} settings={settings} live={live} />
        )}
      </div>
    </Section>
  )
}

interface ReadOnlyLineProps {
  readonly row: SettingRow
  readonly settings: Settings
  readonly live: boolean
}

function useReadOnlySave({ digest, problems: ofFile }: Settings) {
  const { t } = useTranslation('settings')
  const { reasonsText } = useRowTexts()
  const [problem, setProblem] = useState<{ readonly text: string; readonly digest: string }>()
  const save = useSaveSettings((result, { expect }) => {
    if (result.kind === 'saved') setProblem(undefined)
    else if (result.kind === 'changed') setProblem({ text: t('readOnlyChanged'), digest: result.settings.digest })
    // Either value of a switch is valid: what is wrong stood in the file before.
    else {
      const reason = reasonsText(ofFile.length > 0 ? ofFile : result.problems)
      setProblem({ text: t('readOnlyNotSaved', { reason }), digest: expect })
    }
  })
  const told =
    save.error === null
      ? problem
      : { text: t('readOnlyNotSaved', { reason: failureOf(save.error).message }), digest: save.variables.expect }
  return {
    saving: save.isPending,
    // Of the file that it was told of, and of no later one.
    failed: told?.digest === digest ? told.text : undefined,
    put: (readOnly: SettingValue) => save.mutate({ kind: 'values', values: { readOnly }, expect: digest }),
  }
}

/** Takes effect at once: it is meant for the moment in which one wants to be safe. Shows what is in force, whatever the file says. */
function ReadOnlyLine({ row, settings, live }: ReadOnlyLineProps) {
  const { t } = useTranslation('settings')
  const { lockText } = useRowTexts()
  const { saving, failed, put } = useReadOnlySave(settings)
  const away = live ? undefined : t('notLive')
  return (
    <SettingLine
      label={t('readOnly')}
      help={t('readOnlyHelp')}
      facts={
        <>
          <ReadOnlyFacts row={row} />
          <UnappliedNote row={row}>
            <Button kind="link" busy={saving} disabledReason={away} onClick={() => put(valueOfFile(row))}>
              {t('applyFile')}
            </Button>
          </UnappliedNote>
        </>
      }
      control={
        <>
          <Switch
            label={t('readOnly')}
            labelHidden
            checked={row.inForce === true}
            onChange={put}
            disabledReason={row.locked ? lockText(row) : away}
          />
          {failed !== undefined && (
            <p className={css.problem} role="alert">
              {failed}
            </p>
          )}
        </>
      }
    />
  )
}

function ReadOnlyFacts({ row }: { readonly row: SettingRow }) {
  const { t } = useTranslation('settings')
  const { sourceText, valueText } = useRowTexts()
  return (
    <>
      <RowName row={row} />
      <p className={css.facts}>
        {!isUnapplied(row) && <span>{sourceText(row)}</span>}
        {row.source !== 'default' && <span>{t('defaultIs', { value: valueText(row.default) })}</span>}
      </p>
      <RowLock row={row} />
    </>
  )
}
