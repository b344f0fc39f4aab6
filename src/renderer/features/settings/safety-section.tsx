import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import type { SettingRow } from '../../../ipc/contract/setting-schemas.ts'
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
import type { KnownFile, Refusal } from './use-save-settings.ts'
import { useSaveSettings } from './use-save-settings.ts'

interface SafetySectionProps extends KnownFile {
  readonly find: string
  readonly live: boolean
}

export function SafetySection({ settings, unread, find, live }: SafetySectionProps): ReactElement | null {
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
          <ReadOnlyLine row={row} settings={settings} unread={unread} live={live} />
        )}
      </div>
    </Section>
  )
}

interface ReadOnlyLineProps extends KnownFile {
  readonly row: SettingRow
  readonly live: boolean
}

function useReadOnlySave(file: KnownFile) {
  const { t } = useTranslation('settings')
  const { reasonsText } = useRowTexts()
  const { digest, problems: ofFile } = file.settings
  const { put, saving, refusal } = useSaveSettings(file, () => undefined)
  const textOf = (why: Refusal): string => {
    if (why.kind === 'changed') return t('readOnlyChanged')
    if (why.kind === 'failed') return t('readOnlyNotSaved', { reason: failureOf(why.error).message })
    // Either value of a switch is valid: what is wrong stood in the file before.
    return t('readOnlyNotSaved', { reason: reasonsText(ofFile.length > 0 ? ofFile : why.problems) })
  }
  return {
    saving,
    failed: refusal && textOf(refusal),
    put: (readOnly: SettingValue) => put({ kind: 'values', values: { readOnly }, expect: digest }),
  }
}

/** Takes effect at once: it is meant for the moment in which one wants to be safe. Shows what is in force, whatever the file says. */
function ReadOnlyLine({ row, settings, unread, live }: ReadOnlyLineProps) {
  const { t } = useTranslation('settings')
  const { lockText } = useRowTexts()
  const { saving, failed, put } = useReadOnlySave({ settings, unread })
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
