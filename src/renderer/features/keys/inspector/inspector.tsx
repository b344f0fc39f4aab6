import { CircleHelp, Code, HardDrive, Network } from 'lucide-react'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import type { KeyMetadata } from '../../../../ipc/contract/key-schemas.ts'
import { clusterHealth } from '../../../cluster/cluster-health.ts'
import { useNode } from '../../../connection/connection-provider.tsx'
import { useNodeStatus } from '../../../connection/use-node-status.ts'
import { Button } from '../../../ui/button.tsx'
import type { Detail } from '../../../ui/card.tsx'
import { Details } from '../../../ui/card.tsx'
import { formatBytes, formatCount, formatTime } from '../../../ui/format.ts'
import { IconButton } from '../../../ui/icon-button.tsx'
import { IdText } from '../../../ui/id-text.tsx'
import { useStat } from '../value/value-queries.ts'
import css from './inspector.module.css'

/** Where a key lives and what is known of it beside its value. */
export function Inspector({ name, onCode }: { readonly name: string | undefined; readonly onCode: () => void }): ReactElement {
  const { t } = useTranslation('keys')
  return (
    <section className={css.inspector} aria-label={t('inspector')}>
      {name === undefined ? (
        <p className={css.muted}>{t('inspectorEmpty')}</p>
      ) : (
        <KeyFacts key={name} name={name} onCode={onCode} />
      )}
    </section>
  )
}

function KeyFacts({ name, onCode }: { readonly name: string; readonly onCode: () => void }): ReactElement {
  const { t } = useTranslation('keys')
  const { hello } = useNode()
  const metadata = useStat(name).data
  return (
    <>
      {metadata == null ? (
        <p className={css.muted}>{metadata === null ? t('noDetails') : ''}</p>
      ) : (
        <>
          <h2>{t('whereHead')}</h2>
          <Where />
          <div className={css.node}>
            <span>{hello.networkName || t('thisNode')}</span>
            <IdText value={hello.nodeId} />
          </div>
          <hr className={css.rule} />
          <h2>{t('details')}</h2>
          <Details items={detailsOf(metadata, t)} />
        </>
      )}
      <hr className={css.rule} />
      <div>
        <Button icon={<Code size={16} aria-hidden="true" />} onClick={onCode}>
          {t('showAsCode')}
        </Button>
      </div>
    </>
  )
}

/** What the network promises; which nodes hold a copy at present is not asked for each key that somebody looks at. */
function Where(): ReactElement | null {
  const { t } = useTranslation('keys')
  const { t: ofNetwork } = useTranslation('cluster')
  const status = useNodeStatus()
  // Before it is known, nothing is claimed.
  if (status === undefined) return null
  const { alone, total } = clusterHealth(status.cluster)
  const copies = Math.min(status.cluster.replication, total)
  const Icon = alone ? HardDrive : Network
  return (
    <div className={css.where}>
      <Icon size={20} aria-hidden="true" />
      <div>
        <h3>{alone ? t('whereTitle') : ofNetwork('keyPlace')}</h3>
        <p className={css.muted}>{alone ? t('whereText') : ofNetwork('keyCopies', { number: formatCount(copies) })}</p>
      </div>
    </div>
  )
}

function detailsOf(metadata: KeyMetadata, t: ReturnType<typeof useTranslation<'keys'>>['t']): Detail[] {
  const { address, contentType, size, chunks, writer, version, revision, modifiedMs } = metadata
  return [
    { term: t('block'), value: <IdText value={address} head={6} tail={4} /> },
    {
      term: t('contentType'),
      value:
        contentType === '' ? <span className={css.muted}>{t('typeUnsaid')}</span> : <span translate="no">{contentType}</span>,
    },
    { term: t('size'), value: `${formatBytes(size)}${size >= 1000 ? ` (${formatCount(size)})` : ''}` },
    { term: t('stored'), value: chunks === 0 ? t('oneBlock') : t('chunks', { count: chunks }) },
    { term: t('writer'), value: <IdText value={writer} head={6} tail={4} /> },
    {
      term: t('version'),
      value: (
        <span className={css.hinted}>
          <span className={css.mono}>{version}</span>
          <IconButton className={css.hint} label={t('versionHint')} icon={<CircleHelp size={14} aria-hidden="true" />} />
        </span>
      ),
    },
    { term: t('revision'), value: <span className={css.mono}>{revision}</span> },
    { term: t('modified'), value: formatTime(modifiedMs) },
  ]
}
