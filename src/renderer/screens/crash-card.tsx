import { OctagonAlert } from 'lucide-react'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import type { NodeRun } from '../../ipc/contract/host-contract.ts'
import type { HostClient } from '../connection/clients.ts'
import { Details } from '../ui/card.tsx'
import { formatTime } from '../ui/format.ts'
import { HostButtons } from './host-buttons.tsx'
import { LogTail } from './log-tail.tsx'
import { ScreenCard } from './screen-card.tsx'

interface CrashCardProps {
  readonly crash: NonNullable<NodeRun['crash']>
  readonly logTail: readonly string[]
  readonly host: HostClient
}

/** The process of the node ended by itself, and is not started again without being told to. */
export function CrashCard({ crash, logTail, host }: CrashCardProps): ReactElement {
  const { t } = useTranslation('shell')
  const report = JSON.stringify({ ...crash, logTail }, undefined, 2)
  return (
    <ScreenCard icon={<OctagonAlert size={20} aria-hidden="true" />} tone="danger" title={t('crashTitle')}>
      <p>{t('crashText')}</p>
      <Details
        items={[
          { term: t('crashReason'), value: <code>{crash.reason}</code> },
          { term: t('crashExit'), value: <code>{crash.exitCode ?? '–'}</code> },
          { term: t('crashWhen'), value: <time translate="no">{formatTime(crash.atMs)}</time> },
          { term: t('crashRecent'), value: crash.recent },
        ]}
      />
      <HostButtons host={host} actions={['startNode', 'startSafely', 'showLogs']} />
      <LogTail lines={logTail} report={report} />
    </ScreenCard>
  )
}
