import { useQuery } from '@tanstack/react-query'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import { useNode } from '../../connection/connection-provider.tsx'
import { failureOf } from '../../connection/failure.ts'
import { Loading } from '../../ui/loading.tsx'
import { Page } from '../../ui/page.tsx'
import { Failed, Stale } from '../../ui/states.tsx'
import { AddressCard } from './address-card.tsx'
import { ClientsCard } from './clients-card.tsx'
import css from './connect.module.css'
import { SnippetsCard } from './snippets-card.tsx'
import { TestCard } from './test-card.tsx'

export function ConnectPage(): ReactElement {
  const { t } = useTranslation('connect')
  return (
    <Page title={t('title')} subtitle={t('subtitle')}>
      <GrpcPort />
      <ClientsCard />
    </Page>
  )
}

function GrpcPort() {
  const { t } = useTranslation('connect')
  const { queries, live } = useNode()
  const { data, error, refetch } = useQuery(queries.grpc.info.queryOptions())
  if (data === undefined && error !== null) {
    return <Failed title={t('failed')} failure={failureOf(error)} onRetry={() => void refetch()} />
  }
  if (data === undefined) return <Loading rows={4} text={t('loading')} />
  return (
    <Stale stale={!live}>
      <div className={css.port}>
        <div className={css.column}>
          <AddressCard grpc={data} />
          <TestCard />
        </div>
        <SnippetsCard grpc={data} />
      </div>
    </Stale>
  )
}
