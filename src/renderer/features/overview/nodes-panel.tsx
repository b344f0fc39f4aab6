import { useQuery } from '@tanstack/react-query'
import { UserPlus } from 'lucide-react'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import type { ClusterStatus } from '../../../ipc/contract/cluster-schemas.ts'
import { useNode, useNodeEvents } from '../../connection/connection-provider.tsx'
import { failureOf } from '../../connection/failure.ts'
import { useNodeStatus } from '../../connection/use-node-status.ts'
import { useShortcutHub } from '../../shortcuts/use-shortcut.tsx'
import { Button } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { formatCount } from '../../ui/format.ts'
import { Loading } from '../../ui/loading.tsx'
import { Empty, Failed, Stale } from '../../ui/states.tsx'
import { NodeChange } from './node-change.tsx'
import css from './nodes-panel.module.css'
import { NodesTable } from './nodes-table.tsx'

/** Who is in the network, and whether it can decide. */
export function NodesPanel(): ReactElement {
  const { t } = useTranslation('cluster')
  const { queries, live } = useNode()
  useNodeEvents(['status'])
  const { data, error, refetch } = useQuery(queries.cluster.status.queryOptions())
  const withdrawn = useNodeStatus()?.cluster.withdrawn === true
  const alone = data !== undefined && !withdrawn && data.nodes.length + data.more <= 1
  return (
    <Card title={t('nodes')} actions={data !== undefined && !alone && !withdrawn && <InviteButton />}>
      {data === undefined && error !== null && (
        <Failed title={t('nodesFailed')} failure={failureOf(error)} onRetry={() => void refetch()} />
      )}
      {data === undefined && error === null && <Loading rows={3} text={t('loading')} />}
      {alone && <Empty title={t('aloneTitle')} text={t('aloneText')} actions={<InviteButton />} />}
      {data !== undefined && !alone && (
        <Stale stale={!live || error !== null}>
          <NodeChange status={data}>{(ask) => <NodesTable nodes={data.nodes} ask={withdrawn ? undefined : ask} />}</NodeChange>
          {withdrawn ? (
            <p className={css.facts} data-bad>
              {t('noPartNodes')}
            </p>
          ) : (
            <Facts status={data} />
          )}
        </Stale>
      )}
    </Card>
  )
}

function InviteButton(): ReactElement {
  const { t } = useTranslation('cluster')
  const hub = useShortcutHub()
  return (
    <Button icon={<UserPlus size={14} aria-hidden="true" />} onClick={() => hub.run('cluster.invite')}>
      {t('invite')}
    </Button>
  )
}

function Facts({ status: { quorum, more, groupsPending, copiesPending } }: { readonly status: ClusterStatus }) {
  const { t } = useTranslation('cluster')
  const { alive, members, needed } = quorum
  const groups = formatCount(groupsPending)
  return (
    <p className={css.facts} data-bad={alive < needed || undefined}>
      {t('quorum', { alive: formatCount(alive), members: formatCount(members), needed: formatCount(needed) })}
      {groupsPending + (copiesPending ?? 0) > 0 &&
        ` ${copiesPending === null ? t('pendingUncounted', { groups }) : t('pending', { groups, copies: formatCount(copiesPending) })}`}
      {more > 0 && ` ${t('more', { count: more, number: formatCount(more) })}`}
    </p>
  )
}
