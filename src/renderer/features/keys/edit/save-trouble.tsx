import { CircleAlert } from 'lucide-react'
import type { ReactElement, ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Button } from '../../../ui/button.tsx'
import { CopyButton } from '../../../ui/copy-button.tsx'
import { formatBytes } from '../../../ui/format.ts'
import { jsonProblemText } from '../json/json-problem-text.ts'
import { keysLimits } from '../keys-limits.ts'
import type { Draft } from './draft.ts'
import css from './edit-bar.module.css'
import { saveFailureText } from './save-failure-text.ts'
import type { SaveOptions } from './use-save-draft.ts'

interface SaveTroubleProps {
  readonly draft: Draft
  readonly onSave: (options?: SaveOptions) => void
}

/** Why the last save did not happen, and the way on. */
export function SaveTrouble({ draft, onSave }: SaveTroubleProps): ReactElement | null {
  const { t } = useTranslation('keys')
  const { failure, problem, tooLarge } = draft
  if (tooLarge !== undefined) {
    const limits = { size: formatBytes(tooLarge), limit: formatBytes(keysLimits.wholeBytesMax) }
    return <Line text={t('saveTooLarge', limits)} />
  }
  if (problem !== undefined) {
    return (
      <Line text={t('saveNotJson', { reason: jsonProblemText(problem, t) })}>
        <Button onClick={() => onSave({ anyway: true })}>{t('saveAnyway')}</Button>
      </Line>
    )
  }
  if (failure === undefined) return null
  return (
    <Line text={failure.code === 'outcome-unknown' ? t('saveUnknown') : saveFailureText(failure, t)}>
      <Button onClick={() => onSave()}>{t('retry')}</Button>
      <CopyButton text={JSON.stringify(failure, undefined, 2)} label={t('copyDetails', { code: failure.code })} />
    </Line>
  )
}

function Line({ text, children }: { readonly text: string; readonly children?: ReactNode }): ReactElement {
  return (
    <div className={css.trouble} role="alert">
      <CircleAlert size={16} aria-hidden="true" />
      <span className={css.text}>{text}</span>
      {children}
    </div>
  )
}
