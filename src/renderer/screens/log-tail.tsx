import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import css from './screen.module.css'

const linesMax = 50

/** The newest lines of the node's log, as it wrote them. */
export function LogTail({ lines }: { readonly lines: readonly string[] }): ReactElement | null {
  const { t } = useTranslation('shell')
  if (lines.length === 0) return null
  return (
    // A list that scrolls has to be reachable without a pointer.
    <section aria-label={t('logTail')}>
      <h2 className={css.muted}>{t('logTail')}</h2>
      <pre className={css.log} role="log" tabIndex={-1}>
        {lines.slice(-linesMax).join('\n')}
      </pre>
    </section>
  )
}
