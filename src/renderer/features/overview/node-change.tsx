import { useMutation } from '@tanstack/react-query'
import type { ReactElement, ReactNode } from 'react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { ClusterNode, ClusterNodeState, ClusterStatus } from '../../../ipc/contract/cluster-schemas.ts'
import { useNode } from '../../connection/connection-provider.tsx'
import { failureOf } from '../../connection/failure.ts'
import { Button } from '../../ui/button.tsx'
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx'
import { formatCount } from '../../ui/format.ts'
import { shortId } from '../../ui/id-text.tsx'
import { Failed } from '../../ui/states.tsx'
import { useToast } from '../../ui/toast.tsx'
import { LeaveDialog } from './leave-dialog.tsx'

export type NodeChangeKind = 'drain' | 'undrain' | 'leave' | 'evict'
export type AskNodeChange = (kind: NodeChangeKind, node: ClusterNode) => void

interface NodeChangeProps {
  readonly status: ClusterStatus
  readonly children: (ask: AskNodeChange) => ReactNode
}

/** Of an eviction: the person types so much of the node's id. */
const typedLength = 8

const evictTexts = {
  alive: 'evictAlive',
  suspect: 'evictSuspect',
  dead: 'evictDead',
  left: 'evictDead',
  unknown: 'evictDead',
} as const satisfies Record<ClusterNodeState, string>

/** A node evicts such a one only where it is told that this is meant. */
function mayAnswer(state: ClusterNodeState): boolean {
  return state === 'alive' || state === 'suspect'
}

/** Asks before a machine is drained, leaves or is evicted, has it done, and says above `children` what went wrong. */
export function NodeChange({ status, children }: NodeChangeProps): ReactElement {
  const { t } = useTranslation('cluster')
  const [asked, setAsked] = useState<{ readonly kind: Exclude<NodeChangeKind, 'undrain'>; readonly node: ClusterNode }>()
  const { drain, evict } = useNodeChanges()
  const close = (): void => setAsked(undefined)
  const ask: AskNodeChange = (kind, node) => {
    drain.reset()
    evict.reset()
    if (kind === 'undrain') drain.mutate({ nodeId: node.nodeId, undo: true })
    else setAsked({ kind, node })
  }
  const confirmed = (): void => {
    if (asked === undefined) return
    const { nodeId, state } = asked.node
    // Another question may have been asked since, which is not answered by this.
    const onSettled = (): void => setAsked((present) => (present === asked ? undefined : present))
    if (asked.kind === 'drain') drain.mutate({ nodeId, undo: false }, { onSettled })
    else evict.mutate({ nodeId, force: mayAnswer(state) }, { onSettled })
  }
  const node = asked === undefined ? '' : shortId(asked.node.nodeId)
  const fewer = useFewerCopies(status)
  return (
    <>
      <Refusal title={drain.variables?.undo ? t('undrainFailed') : t('drainFailed')} change={drain} />
      <Refusal title={t('evictFailed')} change={evict} />
      {children(ask)}
      <ConfirmDialog
        open={asked?.kind === 'drain'}
        onClose={close}
        onConfirm={confirmed}
        title={t('drainTitle', { node })}
        description={[t('drainText'), fewer].join(' ')}
        action={t('drainAction')}
        busy={drain.isPending}
      />
      <ConfirmDialog
        open={asked?.kind === 'evict'}
        onClose={close}
        onConfirm={confirmed}
        title={t('evictTitle', { node })}
        description={[t(evictTexts[asked?.node.state ?? 'dead']), asked?.node.isDraining ? '' : fewer].join(' ')}
        action={t('evictAction')}
        busy={evict.isPending}
        {...(asked !== undefined && { typed: asked.node.nodeId.slice(0, typedLength) })}
      />
      <LeaveDialog open={asked?.kind === 'leave'} onClose={close} fewer={asked?.node.isDraining ? '' : fewer} />
    </>
  )
}

interface RefusalProps {
  readonly title: string
  readonly change: { readonly error: Error | null; readonly reset: () => void }
}

function Refusal({ title, change: { error, reset } }: RefusalProps) {
  const { t } = useTranslation('cluster')
  if (error === null) return null
  return <Failed title={title} failure={failureOf(error)} actions={<Button onClick={reset}>{t('close')}</Button>} />
}

function useNodeChanges() {
  const { t } = useTranslation('cluster')
  const { queries } = useNode()
  const toast = useToast()
  const drain = useMutation({
    ...queries.cluster.drain.mutationOptions(),
    onSuccess: (_changed, { nodeId, undo }) => {
      const node = shortId(nodeId)
      if (undo) toast({ title: t('undrainDone', { node }) })
      else toast({ title: t('drainDone', { node }), undo: () => drain.mutate({ nodeId, undo: true }) })
    },
  })
  const evict = useMutation({
    ...queries.cluster.evict.mutationOptions(),
    onSuccess: (_changed, { nodeId }) => toast({ title: t('evictDone', { node: shortId(nodeId) }) }),
  })
  return { drain, evict }
}

/** What a node less among those that take blocks means for the copies of everything; empty where it means nothing. */
function useFewerCopies({ storingNodes, replication }: ClusterStatus): string {
  const { t } = useTranslation('cluster')
  const count = storingNodes - 1
  if (count < 1 || count >= replication) return ''
  return t('fewerCopies', { count, number: formatCount(count), replication: formatCount(replication) })
}
