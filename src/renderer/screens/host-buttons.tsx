import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import type { HostClient } from '../connection/clients.ts'
import { asSentence } from '../text/sentence-of.ts'
import { Banner } from '../ui/banner.tsx'
import { Button } from '../ui/button.tsx'
import css from './screen.module.css'
import { useHostCall } from './use-host-call.ts'

export type HostActionName =
  | 'retry'
  | 'startFreePort'
  | 'startElsewhere'
  | 'startSafely'
  | 'restartNode'
  | 'startNode'
  | 'showData'
  | 'showLogs'

const calls: Readonly<Record<HostActionName, (host: HostClient) => Promise<unknown>>> = {
  retry: (host) => host.node.start(),
  startNode: (host) => host.node.start(),
  restartNode: (host) => host.node.restart(),
  startFreePort: (host) => host.node.startOnFreePort(),
  startElsewhere: (host) => host.node.startElsewhere(),
  startSafely: (host) => host.node.startSafely(),
  showData: (host) => host.files.show({ what: 'data' }),
  showLogs: (host) => host.files.show({ what: 'logs' }),
}

interface HostButtonsProps {
  readonly host: HostClient
  /** The one that helps most first. */
  readonly actions: readonly HostActionName[]
}

/** Buttons that act through the host; what one failed with stands below them. */
export function HostButtons({ host, actions }: HostButtonsProps): ReactElement {
  const { t } = useTranslation('shell')
  const { running, failure, run } = useHostCall()
  return (
    <>
      <div className={css.actions}>
        {actions.map((name, index) => (
          <Button
            key={name}
            kind={index === 0 ? 'primary' : 'default'}
            busy={running === name}
            onClick={() => run(name, () => calls[name](host))}
          >
            {t(name)}
          </Button>
        ))}
      </div>
      {failure !== undefined && (
        <Banner tone="danger" inset>
          {asSentence(failure.message)}
        </Banner>
      )}
    </>
  )
}
