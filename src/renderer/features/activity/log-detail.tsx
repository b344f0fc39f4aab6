import { X } from 'lucide-react'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import type { LogLine } from '../../../ipc/contract/log-schemas.ts'
import { Details } from '../../ui/card.tsx'
import { CopyButton } from '../../ui/copy-button.tsx'
import { formatTime } from '../../ui/format.ts'
import { IconButton } from '../../ui/icon-button.tsx'
import { factsOf, lineJson } from './log-text.ts'
import css from './logs.module.css'

interface LogDetailProps {
  readonly line: LogLine
  readonly onClose: () => void
}

/** The whole line, with each of its facts. */
export function LogDetail({ line, onClose }: LogDetailProps): ReactElement {
  const { t } = useTranslation('activity')
  const { t: tUi } = useTranslation('ui')
  const facts = factsOf(line)
  return (
    <section className={css.detail} aria-label={t('facts')}>
      <div className={css.detailHead}>
        <p className={css.detailMessage} translate="no">
          {line.message}
        </p>
        <CopyButton text={lineJson(line)} label={t('copyLine')} />
        <IconButton label={tUi('close')} icon={<X size={16} aria-hidden="true" />} shortcut="escape" onClick={onClose} />
      </div>
      <p className={css.detailFrom}>
        {formatTime(line.timeMs)} · {t(line.level)} · <span translate="no">{line.subsystem}</span> · {line.sequence}
      </p>
      {facts === undefined ? (
        <p className={css.detailFrom}>{line.facts === '' ? t('noFacts') : <code>{line.facts}</code>}</p>
      ) : (
        <Details
          items={Object.entries(facts).map(([term, value]) => ({
            term,
            value: <code className={css.fact}>{typeof value === 'string' ? value : JSON.stringify(value, undefined, 2)}</code>,
          }))}
        />
      )}
    </section>
  )
}
