import { FileClock, HardDrive, Lock, OctagonAlert, Plug } from 'lucide-react'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import type { NodeRun } from '../../ipc/contract/host-contract.ts'
import type { HostClient } from '../connection/clients.ts'
import { asSentence } from '../text/sentence-of.ts'
import { CopyButton } from '../ui/copy-button.tsx'
import type { HostActionName } from './host-buttons.tsx'
import { HostButtons } from './host-buttons.tsx'
import { LogTail } from './log-tail.tsx'
import css from './screen.module.css'
import { ScreenCard } from './screen-card.tsx'

type StartFailure = NonNullable<NodeRun['failure']>

const screens = {
  'port-in-use': { icon: Plug, title: 'failedPort', text: 'failedPortText', actions: ['startFreePort', 'retry', 'showLogs'] },
  'storage-full': {
    icon: HardDrive,
    title: 'failedDisk',
    text: 'failedDiskText',
    actions: ['showData', 'startElsewhere', 'retry'],
  },
  'store-locked': {
    icon: Lock,
    title: 'failedLocked',
    text: 'failedLockedText',
    actions: ['retry', 'startElsewhere', 'showLogs'],
  },
  'store-newer-format': {
    icon: FileClock,
    title: 'failedNewer',
    text: 'failedNewerText',
    actions: ['startElsewhere', 'showData', 'retry'],
  },
  other: {
    icon: OctagonAlert,
    title: 'failedOther',
    text: undefined,
    actions: ['retry', 'startSafely', 'startElsewhere', 'showLogs'],
  },
} as const satisfies Record<
  StartFailure['kind'],
  { icon: unknown; title: string; text: string | undefined; actions: HostActionName[] }
>

interface StartFailureScreenProps {
  readonly failure: StartFailure
  readonly logTail: readonly string[]
  readonly host: HostClient
}

/** The node refused to start: what is in the way in plain words, and buttons that remove it. */
export function StartFailureScreen({ failure, logTail, host }: StartFailureScreenProps): ReactElement {
  const { t } = useTranslation('shell')
  const { icon: Icon, title, text, actions } = screens[failure.kind]
  const report = JSON.stringify({ ...failure, logTail }, undefined, 2)
  return (
    <ScreenCard icon={<Icon size={20} aria-hidden="true" />} tone="danger" title={t(title)}>
      {text !== undefined && <p>{t(text)}</p>}
      <p className={css.muted}>{asSentence(failure.message)}</p>
      <HostButtons host={host} actions={actions} />
      <div className={css.command}>
        <code>{failure.code}</code>
        <CopyButton text={report} label={t('copyReport')} />
      </div>
      {failure.kind === 'other' && <LogTail lines={logTail} />}
    </ScreenCard>
  )
}
