import { useMutation } from '@tanstack/react-query'
import type { ReactElement } from 'react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Job } from '../../ipc/contract/job-schemas.ts'
import { useNode } from '../connection/connection-provider.tsx'
import { failureOf } from '../connection/failure.ts'
import { Button } from '../ui/button.tsx'
import { ConfirmDialog } from '../ui/confirm-dialog.tsx'
import css from './job-view.module.css'
import { jobTitle } from './job-view.tsx'

/** Asks first: a job that was cancelled cannot be continued. */
export function CancelJob({ job }: { readonly job: Job }): ReactElement {
  const { t } = useTranslation('activity')
  const { queries, live } = useNode()
  const [open, setOpen] = useState(false)
  const cancel = useMutation(queries.jobs.cancel.mutationOptions())
  const reason = cancel.error === null ? undefined : t('jobActionFailed', { reason: failureOf(cancel.error).message })
  return (
    <>
      {reason !== undefined && (
        <span className={css.error} role="alert">
          {reason}
        </span>
      )}
      <Button
        kind="quiet"
        busy={cancel.isPending}
        disabledReason={live ? undefined : t('notLive')}
        onClick={() => setOpen(true)}
        aria-label={`${t('cancelJob')}: ${jobTitle(job, t)}`}
      >
        {t('cancelJob')}
      </Button>
      <ConfirmDialog
        open={open}
        onClose={() => setOpen(false)}
        onConfirm={() => {
          setOpen(false)
          cancel.mutate({ id: job.id })
        }}
        title={t('cancelJobTitle')}
        description={t('cancelJobText')}
        action={t('cancelJobAction')}
        sample={[jobTitle(job, t)]}
      />
    </>
  )
}
