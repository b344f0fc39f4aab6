import type { ReactElement } from 'react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { failureOf } from '../../connection/failure.ts'
import { Button } from '../../ui/button.tsx'
import { CodeEditor } from '../../ui/code-editor.tsx'
import { formatCount } from '../../ui/format.ts'
import { Failed, Partial } from '../../ui/states.tsx'
import { matches } from './matches.ts'
import { Section } from './setting-line.tsx'
import css from './settings.module.css'
import { untouchedBy } from './staged-values.ts'
import { useRowTexts } from './use-row-texts.ts'
import type { KnownFile } from './use-save-settings.ts'
import { useSaveSettings } from './use-save-settings.ts'
import { useSettingsDraft } from './use-settings-draft.ts'

/** As the contract takes it. */
const textMax = 65_536

interface AdvancedSectionProps extends KnownFile {
  readonly find: string
  readonly live: boolean
}

export function AdvancedSection({ settings, unread, find, live }: AdvancedSectionProps): ReactElement | null {
  const { t } = useTranslation('settings')
  if (!matches(find, t('advanced'), t('json'), t('advancedText'), settings.file)) return null
  return (
    <Section id="advanced" title={t('advanced')} text={t('advancedText')}>
      <JsonEditor settings={settings} unread={unread} live={live} />
    </Section>
  )
}

function useJsonDraft(file: KnownFile) {
  const { settings } = file
  const { draft, keep, drop } = useSettingsDraft('file')
  const [full, setFull] = useState(false)
  const { put, saving, refusal, refuse } = useSaveSettings(file, drop)
  const text = draft?.text ?? settings.text
  return {
    text,
    problems: refusal?.kind === 'invalid' ? refusal.problems : [],
    error: refusal?.kind === 'failed' ? refusal.error : undefined,
    full,
    saving,
    modified: draft !== undefined && draft.text !== settings.text,
    /** The draft was made from a text that is no longer the file's. */
    outdated: draft !== undefined && draft.base !== settings.digest,
    edit: (next: string) => {
      // What is said of a text ends with it.
      if (refusal?.kind === 'invalid') refuse(undefined)
      if (next === settings.text) drop()
      else setFull(!keep(next, draft?.base ?? settings.digest))
    },
    keepMine: () => keep(text, settings.digest),
    discard: () => {
      refuse(undefined)
      drop()
    },
    submit: () => put({ kind: 'text', text, expect: draft?.base ?? settings.digest }),
  }
}

function JsonEditor({ settings, unread, live }: Omit<AdvancedSectionProps, 'find'>) {
  const { t } = useTranslation('settings')
  const { problemText, withAlso } = useRowTexts()
  const draft = useJsonDraft({ settings, unread })
  const tooLong = draft.text.length > textMax ? t('jsonTooLong', { number: formatCount(textMax) }) : undefined
  const undecided = draft.outdated ? t('jsonChoose') : undefined
  const away = live ? undefined : t('notLive')
  const modified = withAlso(t('jsonModified'), untouchedBy(draft.text, settings))
  const same = settings.text === '' ? t('jsonEmpty') : t('jsonSame')
  return (
    <>
      {draft.outdated && (
        <Partial
          actions={
            <>
              <Button onClick={draft.discard}>{t('jsonTakeTheirs')}</Button>
              <Button onClick={draft.keepMine}>{t('jsonKeepMine')}</Button>
            </>
          }
        >
          {t('jsonChanged')}
        </Partial>
      )}
      <div className={css.editor}>
        <CodeEditor label={t('json')} value={draft.text} language="json" onChange={draft.edit} />
      </div>
      {draft.problems.length > 0 && (
        <ul className={css.problem} role="alert">
          {draft.problems.map((problem) => (
            <li key={`${problem.name} ${problem.message}`}>{problemText(problem)}</li>
          ))}
        </ul>
      )}
      {draft.error !== undefined && <Failed title={t('notSaved')} failure={failureOf(draft.error)} onRetry={draft.submit} />}
      <div className={css.editorFoot}>
        <span className={css.muted} role="status">
          {draft.full ? t('jsonNoRoom') : draft.modified ? modified : unread ? t('jsonUnread') : same}
        </span>
        {draft.modified && <Button onClick={draft.discard}>{t('jsonDiscard')}</Button>}
        {draft.modified && (
          <Button kind="primary" busy={draft.saving} disabledReason={undecided ?? tooLong ?? away} onClick={draft.submit}>
            {t('jsonSave')}
          </Button>
        )}
      </div>
    </>
  )
}
