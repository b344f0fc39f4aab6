import { useMutation, useQuery } from '@tanstack/react-query'
import type { ReactElement } from 'react'
import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { useNode } from '../../connection/connection-provider.tsx'
import { failureOf } from '../../connection/failure.ts'
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx'
import { formatBytes, formatCount } from '../../ui/format.ts'
import { useToast } from '../../ui/toast.tsx'
import { askDeletion, useDeletion } from './deletion-store.ts'
import { useDeleteKey } from './edit/use-delete-key.ts'
import { setNotice } from './tabs-store.ts'
import type { KeyCount } from './use-key-count.ts'
import { useKeyCount } from './use-key-count.ts'
import { visibleKey } from './visible-key.ts'

const sampleKeys = 5

/** Questions before what cannot be taken back: a prefix has to be typed. */
export function DeletionDialogs(): ReactElement | null {
  const asked = useDeletion((state) => state.asked)
  const { t } = useTranslation('keys')
  const deleteKey = useDeleteKey()
  // A question is not kept for a later visit.
  useEffect(() => () => askDeletion(undefined), [])
  if (asked === undefined) return null
  if (asked.kind === 'prefix') return <PrefixDialog prefix={asked.prefix} />
  const { metadata } = asked
  return (
    <ConfirmDialog
      open
      onClose={() => askDeletion(undefined)}
      onConfirm={() => {
        askDeletion(undefined)
        void deleteKey(metadata.key, metadata, true)
      }}
      title={t('deleteLargeTitle', { key: visibleKey(metadata.key) })}
      description={t('deleteLargeText', { size: formatBytes(metadata.size) })}
      action={t('deleteKey')}
    />
  )
}

function PrefixDialog({ prefix }: { readonly prefix: string }): ReactElement {
  const { t } = useTranslation('keys')
  const { queries } = useNode()
  const toast = useToast()
  const sample = useQuery(queries.kv.list.queryOptions({ input: { prefix, delimiter: '', limit: sampleKeys } })).data
  const counted = useKeyCount(prefix)
  const start = useMutation(
    queries.jobs.create.mutationOptions({
      onSuccess: () =>
        toast({ title: t('deletingPrefix', { prefix: visibleKey(prefix) }), description: t('deletingPrefixText') }),
      onError: (error) =>
        setNotice({ tone: 'danger', title: t('deleteFailed', { key: visibleKey(prefix) }), text: failureOf(error).message }),
      onSettled: () => askDeletion(undefined),
    }),
  )
  return (
    <ConfirmDialog
      open
      onClose={() => askDeletion(undefined)}
      onConfirm={() => start.mutate({ kind: 'delete', prefix })}
      title={t('deletePrefixTitle', { prefix: visibleKey(prefix) })}
      description={<span aria-live="polite">{countText(counted, t)}</span>}
      action={t('deletePrefixAction')}
      sample={sample?.items.map(({ key }) => visibleKey(key)) ?? []}
      typed={prefix}
      busy={start.isPending}
    />
  )
}

function countText({ count, state }: KeyCount, t: ReturnType<typeof useTranslation<'keys'>>['t']): string {
  const number = formatCount(count)
  if (state === 'all') return t('deletePrefixText', { count, number })
  return t(state === 'counting' ? 'deletePrefixCounting' : state === 'more' ? 'deletePrefixMore' : 'deletePrefixUncounted', {
    number,
  })
}
