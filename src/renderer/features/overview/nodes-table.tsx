import { MoreHorizontal } from 'lucide-react'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import type { ClusterNode } from '../../../ipc/contract/cluster-schemas.ts'
import { nodeTones } from '../../cluster/cluster-health.ts'
import { useWriteBlock } from '../../connection/use-write-block.ts'
import { Badge, Status } from '../../ui/badge.tsx'
import { formatBytes, formatCount } from '../../ui/format.ts'
import { IconButton } from '../../ui/icon-button.tsx'
import { IdText, shortId } from '../../ui/id-text.tsx'
import type { MenuEntry } from '../../ui/menu.tsx'
import { Menu } from '../../ui/menu.tsx'
import type { AskNodeChange } from './node-change.tsx'
import css from './nodes-panel.module.css'

interface NodesTableProps {
  readonly nodes: readonly ClusterNode[]
  /** Undefined where this node changes nothing in its network. */
  readonly ask: AskNodeChange | undefined
}

export function NodesTable({ nodes, ask }: NodesTableProps): ReactElement {
  const { t } = useTranslation('cluster')
  return (
    <div className={css.frame}>
      <table className={css.table} aria-label={t('nodesList')}>
        <thead>
          <tr>
            <th scope="col">{t('columnNode')}</th>
            <th scope="col">{t('columnState')}</th>
            <th scope="col">{t('columnAddress')}</th>
            <th scope="col">{t('columnZone')}</th>
            <th scope="col" className={css.number}>
              {t('columnFree')}
            </th>
            <th scope="col" className={css.version}>
              {t('columnVersion')}
            </th>
            {ask !== undefined && (
              <th scope="col" className={css.actions}>
                <span className="visually-hidden">{t('columnActions')}</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {nodes.map((node) => (
            <NodeRow key={node.nodeId} node={node} ask={ask} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

function NodeRow({ node, ask }: { readonly node: ClusterNode; readonly ask: AskNodeChange | undefined }) {
  const { t } = useTranslation('cluster')
  const { nodeId, isSelf, state, endpoints, zone, labels, freeBytes, version } = node
  return (
    <tr>
      <th scope="row">
        <IdText value={nodeId} /> {isSelf && <Badge>{t('thisNode')}</Badge>}
      </th>
      <td>
        <Status tone={nodeTones[state]}>{t(state)}</Status> <DrainBadge node={node} />
      </td>
      <td translate="no" className={css.address} title={endpoints.join(', ')}>
        {endpoints[0] ?? '–'}
      </td>
      <td translate="no">{[zone, ...labels].filter((text) => text !== '').join(' · ') || '–'}</td>
      <td className={css.number}>{freeBytes === null ? '–' : formatBytes(freeBytes)}</td>
      <td translate="no" className={css.version}>
        {version === '' ? '–' : version}
      </td>
      {ask !== undefined && <td className={css.actions}>{state !== 'left' && <NodeMenu node={node} ask={ask} />}</td>}
    </tr>
  )
}

function DrainBadge({ node: { state, isDraining, drainLeft } }: { readonly node: ClusterNode }) {
  const { t } = useTranslation('cluster')
  if (!isDraining || state === 'left') return null
  if (drainLeft === 0) return <Badge tone="ok">{t('drained')}</Badge>
  return (
    <Badge tone="info">
      {drainLeft === null ? t('draining') : t('drainLeft', { count: drainLeft, number: formatCount(drainLeft) })}
    </Badge>
  )
}

function NodeMenu({ node, ask }: { readonly node: ClusterNode; readonly ask: AskNodeChange }) {
  const { t } = useTranslation('cluster')
  const blocked = useWriteBlock()
  const disabled = blocked !== undefined
  const why: MenuEntry[] = disabled ? [{ kind: 'separator', label: blocked }] : []
  return (
    <Menu
      align="end"
      trigger={
        <IconButton
          label={t('nodeActions', { node: shortId(node.nodeId) })}
          icon={<MoreHorizontal size={16} aria-hidden="true" />}
        />
      }
      entries={[
        ...why,
        node.isDraining
          ? { label: t('undrain'), disabled, onSelect: () => ask('undrain', node) }
          : { label: t('drain'), disabled, onSelect: () => ask('drain', node) },
        node.isSelf
          ? { label: t('leave'), danger: true, disabled, onSelect: () => ask('leave', node) }
          : { label: t('evict'), danger: true, disabled, onSelect: () => ask('evict', node) },
      ]}
    />
  )
}
