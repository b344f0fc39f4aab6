import type { ReactElement } from 'react'
import { useRef } from 'react'
import { useTranslation } from 'react-i18next'
import type { LeaveProgress } from '../../../ipc/contract/cluster-schemas.ts'
import { Banner } from '../../ui/banner.tsx'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { formatCount } from '../../ui/format.ts'
import { Progress } from '../../ui/meter.tsx'
import { Failed } from '../../ui/states.tsx'
import { useLeave } from './use-leave.ts'

interface LeaveDialogProps {
  readonly open: boolean
  readonly onClose: () => void
  /** What it means for the copies of everything; empty where it means nothing. */
  readonly fewer: string
}

/** Takes this node out of its network. Closed while it leaves, the dialog leaves it draining. */
export function LeaveDialog(props: LeaveDialogProps): ReactElement | null {
  return props.open ? <OpenLeaveDialog {...props} /> : null
}

function OpenLeaveDialog({ onClose, fewer }: LeaveDialogProps) {
  const { t } = useTranslation('cluster')
  const { state, begin } = useLeave()
  const cancel = useRef<HTMLButtonElement>(null)
  const isAsked = state.kind === 'asked'
  return (
    <Dialog
      open
      onClose={onClose}
      title={isAsked ? t('leaveTitle') : t('leavingTitle')}
      description={isAsked ? [t('leaveText'), fewer].join(' ') : undefined}
      initialFocus={cancel}
      actions={
        <>
          <Button ref={cancel} onClick={onClose}>
            {t(closings[state.kind])}
          </Button>
          {isAsked && (
            <Button kind="danger" onClick={begin}>
              {t('leaveAction')}
            </Button>
          )}
        </>
      }
    >
      {state.kind === 'leaving' && <Leaving progress={state.progress} />}
      {state.kind === 'left' && (
        <Banner tone="ok" inset>
          {t('leaveDone')}
        </Banner>
      )}
      {state.kind === 'failed' && <Failed title={t('leaveFailed')} failure={state.failure} onRetry={begin} />}
    </Dialog>
  )
}

const closings = { asked: 'stay', leaving: 'stopWaiting', left: 'close', failed: 'close' } as const

function Leaving({ progress }: { readonly progress: LeaveProgress | undefined }) {
  const { t } = useTranslation('cluster')
  return (
    <>
      <Progress label={t('leaving')} detail={useLeft(progress)} value={undefined} />
      <p>{t('leavingText')}</p>
    </>
  )
}

function useLeft(progress: LeaveProgress | undefined): string {
  const { t } = useTranslation('cluster')
  if (progress === undefined) return ''
  const { groupsPending, copiesPending, openEpochs } = progress
  const groups = formatCount(groupsPending)
  if (copiesPending === null) return t('leaveLeftUncounted', { groups })
  if (groupsPending + copiesPending > 0) return t('leaveLeft', { groups, copies: formatCount(copiesPending) })
  return openEpochs > 1 ? t('leaveOthers') : t('leaveLast')
}
