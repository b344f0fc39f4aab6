import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Search, Unplug } from 'lucide-react'
import type { ReactElement } from 'react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Client } from '../../../ipc/contract/status-schemas.ts'
import { wireLimits } from '../../../ipc/contract/wire-limits.ts'
import { useConnectionSnapshot, useNode, useNodeEvents } from '../../connection/connection-provider.tsx'
import { failureOf } from '../../connection/failure.ts'
import { useScreenBlock } from '../../connection/use-screen-block.ts'
import { Banner } from '../../ui/banner.tsx'
import { Card } from '../../ui/card.tsx'
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx'
import { formatAgo, formatCount, formatNumber } from '../../ui/format.ts'
import { IconButton } from '../../ui/icon-button.tsx'
import { Loading } from '../../ui/loading.tsx'
import { Empty, Failed, Partial, Stale } from '../../ui/states.tsx'
import { TextField } from '../../ui/text-field.tsx'
import { useToast } from '../../ui/toast.tsx'
import css from './connect.module.css'
import { filterClients } from './filter-clients.ts'

/** Rates move without an event: they are looked at as often as they are worth reading. */
const refetchMs = 2_000
const searchFrom = 6
/** More rows than this are found by searching. */
const shownMax = 100

export function ClientsCard(): ReactElement {
  const { t } = useTranslation('connect')
  const { queries, live } = useNode()
  const { visible } = useConnectionSnapshot()
  const [text, setText] = useState('')
  useNodeEvents(['clients'])
  const { data, error, refetch } = useQuery(
    queries.clients.list.queryOptions({ refetchInterval: live && visible ? refetchMs : false }),
  )
  const count = data?.length ?? 0
  return (
    <Card
      title={t('clients')}
      actions={
        count >= searchFrom && (
          <TextField
            label={t('clientsSearch')}
            labelHidden
            icon={<Search size={14} aria-hidden="true" />}
            placeholder={t('clientsSearch')}
            value={text}
            onChange={setText}
          />
        )
      }
    >
      {data === undefined && error !== null && (
        <Failed title={t('clientsFailed')} failure={failureOf(error)} onRetry={() => void refetch()} />
      )}
      {data === undefined && error === null && <Loading rows={2} text={t('clientsLoading')} />}
      {data !== undefined && (
        <Stale stale={!live || error !== null}>
          <Clients clients={data} text={count >= searchFrom ? text : ''} />
        </Stale>
      )}
    </Card>
  )
}

function Clients({ clients, text }: { readonly clients: readonly Client[]; readonly text: string }) {
  const { t } = useTranslation('connect')
  const found = filterClients(clients, text)
  if (clients.length === 0) return <Empty title={t('clientsEmpty')} text={t('clientsEmptyText')} />
  if (found.length === 0) return <p className={css.muted}>{t('clientsFiltered', { text })}</p>
  const cut = clients.length >= wireLimits.pageRowsMax || found.length > shownMax
  return (
    <>
      {cut && <Partial>{t('clientsPartial', { number: formatCount(Math.min(found.length, shownMax)) })}</Partial>}
      <ClientTable clients={found.slice(0, shownMax)} />
    </>
  )
}

function ClientTable({ clients }: { readonly clients: readonly Client[] }) {
  const { t } = useTranslation('connect')
  const { queries } = useNode()
  const blocked = useScreenBlock()
  const cache = useQueryClient()
  const toast = useToast()
  const [chosen, setChosen] = useState<Client>()
  const disconnect = useMutation(
    queries.clients.disconnect.mutationOptions({
      onSuccess: () => {
        if (chosen !== undefined) toast({ title: t('disconnected', { peer: chosen.peer }) })
        void cache.invalidateQueries({ queryKey: queries.clients.key() })
      },
      onSettled: () => setChosen(undefined),
    }),
  )
  return (
    <>
      {disconnect.error !== null && (
        <Banner tone="danger" inset>
          {t('disconnectFailed', { peer: chosen?.peer ?? '', reason: failureOf(disconnect.error).message })}
        </Banner>
      )}
      <div className={css.tableFrame}>
        <table className={css.table}>
          <thead>
            <tr>
              <th scope="col">{t('program')}</th>
              <th scope="col">{t('lastCall')}</th>
              <th scope="col">{t('connected')}</th>
              <th scope="col" className={css.number}>
                {t('calls')}
              </th>
              <th scope="col" className={css.number}>
                {t('rate')}
              </th>
              <th scope="col">
                <span className="visually-hidden">{t('actions')}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {clients.map((client) => (
              <ClientRow key={client.id} client={client} blocked={blocked} onDisconnect={() => setChosen(client)} />
            ))}
          </tbody>
        </table>
      </div>
      <ConfirmDialog
        open={chosen !== undefined}
        onClose={() => setChosen(undefined)}
        onConfirm={() => chosen !== undefined && disconnect.mutate({ id: chosen.id })}
        title={t('disconnectTitle')}
        description={t('disconnectText')}
        action={t('disconnect')}
        busy={disconnect.isPending}
        sample={chosen === undefined ? [] : [chosen.peer]}
      />
    </>
  )
}

interface RowProps {
  readonly client: Client
  readonly blocked: string | undefined
  readonly onDisconnect: () => void
}

function ClientRow({ client, blocked, onDisconnect }: RowProps) {
  const { t } = useTranslation('connect')
  const { lastMethod, lastCallMs } = client
  return (
    <tr>
      <th scope="row" className={css.peer} translate="no">
        {client.peer}
      </th>
      <td className={css.method}>
        {lastMethod === undefined ? (
          <span className={css.faint}>{t('never')}</span>
        ) : (
          <code className={css.small}>{lastMethod}</code>
        )}
        {lastCallMs !== undefined && <span className={css.faint}> {formatAgo(lastCallMs)}</span>}
      </td>
      <td>{formatAgo(client.connectedMs)}</td>
      <td className={css.number}>{formatCount(client.calls)}</td>
      <td className={css.number}>{formatNumber(client.callsPerSecond)}</td>
      <td className={css.number}>
        <IconButton
          label={t('disconnectOne', { peer: client.peer })}
          icon={<Unplug size={14} aria-hidden="true" />}
          disabledReason={blocked}
          onClick={onDisconnect}
        />
      </td>
    </tr>
  )
}
