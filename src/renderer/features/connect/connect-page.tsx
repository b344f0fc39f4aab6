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
      <div className={css.columns}>
        <GrpcPort />
        <div className={css.clients}>
          <ClientsCard />
        </div>
      </div>
    </Page>
  )
}

function GrpcPort() {
  const { t } = useTranslation('connect')
  const { queries, live } = useNode()
  const { data, error, refetch } = useQuery(queries.grpc.info.queryOptions())
  if (data === undefined && error !== null) {
    return (
      <div className={css.whole}>
        <Failed title={t('failed')} failure={failureOf(error)} onRetry={() => void refetch()} />
      </div>
    )
  }
  if (data === undefined) {
    return (
      <div className={css.whole}>
        <Loading rows={4} text={t('loading')} />
      </div>
    )
  }
  return (
    <Stale stale={!live}>
      <div className={css.address}>
        <AddressCard grpc={data} />
        <TestCard />
      </div>
      <div className={css.programs}>
        <SnippetsCard grpc={data} />
      </div>
    </Stale>
  )
}
