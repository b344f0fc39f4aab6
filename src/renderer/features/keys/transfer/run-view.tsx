import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import { useNode } from '../../../connection/connection-provider.tsx'
import { JobView } from '../../../jobs/job-view.tsx'
import { useJobSamples } from '../../../jobs/use-job-samples.ts'
import { Banner } from '../../../ui/banner.tsx'
import { Button } from '../../../ui/button.tsx'
import { Loading } from '../../../ui/loading.tsx'
import css from './transfer.module.css'
import type { TransferKind, TransferRun } from './transfer-runs.ts'
import { cancelRun } from './transfer-runs.ts'

interface RunViewProps {
  readonly kind: TransferKind
  readonly run: TransferRun
  readonly onAgain: () => void
  readonly onClose: () => void
}

/** How far a transfer is, and what came of it. */
export function RunView({ kind, run, onAgain, onClose }: RunViewProps): ReactElement {
  const { t } = useTranslation('keys')
  const { client } = useNode()
  const { job, state, failure } = run
  const samples = useJobSamples(job === undefined ? undefined : [job])
  const running = state === 'running'
  return (
    <div className={css.run}>
      {job === undefined ? (
        running && <Loading text={t('transferStarting')} />
      ) : (
        <JobView job={running ? job : { ...job, state }} samples={samples.get(job.id) ?? []}>
          {job.failures.length > 0 && (
            <ul className={css.failures} aria-label={t('failuresLabel')}>
              {job.failures.map(({ item, reason }) => (
                <li key={item}>
                  <code>{item}</code> {reason}
                </li>
              ))}
            </ul>
          )}
        </JobView>
      )}
      {failure !== undefined && (
        <Banner tone="danger" inset>
          {t('transferFailed', { reason: failure.message })}
        </Banner>
      )}
      {kind === 'import' && state === 'failed' && (
        <Banner tone="info" inset>
          {t('importEndedEarly')}
        </Banner>
      )}
      <div className={css.row}>
        {running ? (
          <Button onClick={() => cancelRun(kind, client)}>{t('cancel')}</Button>
        ) : (
          <>
            <Button kind="primary" onClick={onClose}>
              {t('done')}
            </Button>
            <Button onClick={onAgain}>{t(kind === 'import' ? 'importAgain' : 'exportAgain')}</Button>
          </>
        )}
      </div>
    </div>
  )
}
