import { useMutation, useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Invite } from '../../ipc/contract/cluster-schemas.ts'
import { inviteLimits } from '../../ipc/contract/cluster-schemas.ts'
import { shellWord } from '../../shared/shell-word.ts'
import { useNode } from '../connection/connection-provider.tsx'
import { failureOf } from '../connection/failure.ts'
import { useWriteBlock } from '../connection/use-write-block.ts'
import { Banner } from '../ui/banner.tsx'
import { Button } from '../ui/button.tsx'
import { CopyButton } from '../ui/copy-button.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { formatCount, formatTime } from '../ui/format.ts'
import { Loading } from '../ui/loading.tsx'
import { NumberField } from '../ui/number-field.tsx'
import { Select } from '../ui/select.tsx'
import { Empty, Failed } from '../ui/states.tsx'
import { TextField } from '../ui/text-field.tsx'
import css from './invite-dialog.module.css'

const validities = { hour: 3_600_000, day: 86_400_000, week: 604_800_000, month: inviteLimits.validityMaxMs } as const
type Validity = keyof typeof validities
const validityNames = Object.keys(validities) as Validity[]

interface InviteDialogProps {
  readonly open: boolean
  readonly onClose: () => void
}

/** Makes a link by which other machines join. It is a secret: nothing keeps it once the dialog is closed. */
export function InviteDialog({ open, onClose }: InviteDialogProps): ReactElement {
  const { t } = useTranslation('cluster')
  return (
    <Dialog open={open} onClose={onClose} title={t('inviteTitle')} description={t('inviteDescription')}>
      {open && <InviteBody onClose={onClose} />}
    </Dialog>
  )
}

function InviteBody({ onClose }: Pick<InviteDialogProps, 'onClose'>): ReactElement {
  const { t } = useTranslation('cluster')
  const navigate = useNavigate()
  const { queries } = useNode()
  const { data, error, refetch } = useQuery({ ...queries.cluster.status.queryOptions(), refetchOnMount: 'always' })
  if (data === undefined && error !== null) {
    return <Failed title={t('nodesFailed')} failure={failureOf(error)} onRetry={() => void refetch()} />
  }
  if (data === undefined) return <Loading text={t('inviteLoading')} />
  if (data.listening.length > 0) return <InviteForm />
  const openSettings = (): void => {
    onClose()
    void navigate({ to: '/settings', search: { find: 'listen' } })
  }
  return (
    <Empty
      title={t('notListening')}
      text={t('notListeningText')}
      actions={
        <Button kind="primary" onClick={openSettings}>
          {t('openSettings')}
        </Button>
      }
    />
  )
}

function InviteForm(): ReactElement {
  const { t } = useTranslation('cluster')
  const { queries } = useNode()
  const blocked = useWriteBlock()
  const [uses, setUses] = useState<number | null>(1)
  const [validity, setValidity] = useState<Validity>('day')
  const invite = useMutation({ ...queries.cluster.invite.mutationOptions(), gcTime: 0 })
  const valid = uses !== null && Number.isInteger(uses) && uses >= 1 && uses <= inviteLimits.usesMax
  const wrong = valid ? undefined : t('usesWrong', { number: formatCount(inviteLimits.usesMax) })
  if (invite.data !== undefined) {
    return <MadeLink invite={invite.data} uses={invite.variables.uses} onAgain={() => invite.reset()} />
  }
  return (
    <form
      className={css.form}
      onSubmit={(event) => {
        event.preventDefault()
        if (uses !== null) invite.mutate({ uses, validityMs: validities[validity] })
      }}
    >
      <NumberField label={t('uses')} value={uses} onChange={setUses} min={1} max={inviteLimits.usesMax} error={wrong} />
      <Select
        label={t('validity')}
        options={validityNames.map((value) => ({ value, label: t(value) }))}
        value={validity}
        onChange={setValidity}
      />
      {invite.error !== null && <Failed title={t('inviteFailed')} failure={failureOf(invite.error)} />}
      <div className={css.buttons}>
        <Button kind="primary" submit busy={invite.isPending} disabledReason={blocked ?? wrong}>
          {t('inviteMake')}
        </Button>
      </div>
    </form>
  )
}

interface MadeLinkProps {
  readonly invite: Invite
  readonly uses: number
  readonly onAgain: () => void
}

function MadeLink({ invite: { link, expiresMs }, uses, onAgain }: MadeLinkProps): ReactElement {
  const { t } = useTranslation('cluster')
  const command = `memo cluster join ${shellWord(link)} --data ./memo --listen 0.0.0.0:7072`
  return (
    <div className={css.form}>
      <TextField
        label={t('link')}
        value={link}
        mono
        readOnly
        onFocus={({ currentTarget }) => currentTarget.select()}
        suffix={<CopyButton text={link} label={t('copyLink')} />}
      />
      <Banner tone="warn" inset>
        {t('inviteSecret', { count: uses, number: formatCount(uses), time: formatTime(expiresMs) })}
      </Banner>
      <p>{t('joinCommand')}</p>
      <div className={css.command}>
        <code>{command}</code>
        <CopyButton text={command} label={t('copyJoin')} />
      </div>
      <div className={css.buttons}>
        <Button onClick={onAgain}>{t('inviteAnother')}</Button>
      </div>
    </div>
  )
}
