import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import { CopyButton } from '../ui/copy-button.tsx'
import css from './screen.module.css'

const linesMax = 50

interface LogTailProps {
  readonly lines: readonly string[]
  /** All facts of the fault as text, for whoever is asked for help. */
  readonly report?: string
}

/** The newest lines of the node's log, as it wrote them. */
export function LogTail({ lines, report }: LogTailProps): ReactElement | null {
  const { t } = useTranslation('shell')
  if (lines.length === 0) return null
  return (
    <section className={css.tail}>
      <div className={css.tailHead}>
        <h2>{t('logTail')}</h2>
        {report !== undefined && <CopyButton text={report} label={t('copyReport')} />}
      </div>
      <pre className={css.log} role="log" aria-label={t('logTail')} tabIndex={-1}>
        {lines.slice(-linesMax).join('\n')}
      </pre>
    </section>
  )
}
