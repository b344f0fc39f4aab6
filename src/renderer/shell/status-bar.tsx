import type { TFunction } from 'i18next'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import type { ClusterSummary } from '../../ipc/contract/cluster-schemas.ts'
import { clusterHealth } from '../cluster/cluster-health.ts'
import { useConnectionSnapshot, useHost } from '../connection/connection-provider.tsx'
import { useNodeStatus } from '../connection/use-node-status.ts'
import { Status } from '../ui/badge.tsx'
import { formatAgo, formatBytes, formatCount, formatRate } from '../ui/format.ts'
import { nodeStateOf } from './node-state.ts'
import css from './shell.module.css'

export function StatusBar(): ReactElement {
  const { t } = useTranslation('shell')
  const snapshot = useConnectionSnapshot()
  const { capabilities } = useHost()
  const status = useNodeStatus()
  const { tone, text } = nodeStateOf(snapshot)
  return (
    <footer className={css.statusBar} data-pane tabIndex={-1}>
      <Status tone={tone}>{t(text)}</Status>
      {status !== undefined && (
        <>
          <NodesStatus cluster={status.cluster} />
          <span>{t('keysCount', { count: status.keys, countText: formatCount(status.keys) })}</span>
          <span className={css.rates}>
            ↓ {formatRate(status.throughput.inBytesPerSecond)} ↑ {formatRate(status.throughput.outBytesPerSecond)}
          </span>
          <span>{storageText(status.storage, t)}</span>
          {status.readOnly && <Status tone="warn">{t('readOnly')}</Status>}
        </>
      )}
      {capabilities.host === 'browser' && <span className={css.session}>{sessionText(snapshot.signedInMs, t)}</span>}
      {status !== undefined && (
        <span className={css.end} translate="no">
          gRPC {status.grpc.address}
        </span>
      )}
    </footer>
  )
}

/** How many nodes of the network answer, and whether they are enough. */
function NodesStatus({ cluster }: { readonly cluster: ClusterSummary }): ReactElement {
  const { t } = useTranslation('cluster')
  const { alive, total, quorate, tone } = clusterHealth(cluster)
  // Whom such a node misses is of no account.
  if (cluster.withdrawn) return <Status tone="danger">{t('noPart')}</Status>
  const values = { count: total, alive: formatCount(alive), number: formatCount(total) }
  return <Status tone={tone}>{t(quorate ? 'nodesAlive' : 'noQuorum', values)}</Status>
}

function sessionText(signedInMs: number | undefined, t: TFunction<'shell'>): string {
  return signedInMs === undefined ? t('webConsole') : t('webConsoleSince', { ago: formatAgo(signedInMs) })
}

interface Storage {
  readonly liveBytes: number
  readonly limitBytes: number | null
}

function storageText({ liveBytes, limitBytes }: Storage, t: TFunction<'shell'>): string {
  if (limitBytes === null) return t('storageLive', { used: formatBytes(liveBytes) })
  return t('storageOf', { used: formatBytes(liveBytes), limit: formatBytes(limitBytes) })
}
