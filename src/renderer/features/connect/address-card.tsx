import { useNavigate } from '@tanstack/react-router'
import { Plug } from 'lucide-react'
import type { ReactElement, ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { GrpcInfo } from '../../../ipc/contract/status-schemas.ts'
import { isLoopback } from '../../connection/is-loopback.ts'
import { Button } from '../../ui/button.tsx'
import { Card, Details } from '../../ui/card.tsx'
import { CopyButton } from '../../ui/copy-button.tsx'
import css from './connect.module.css'

export function AddressCard({ grpc }: { readonly grpc: GrpcInfo }): ReactElement {
  const { t } = useTranslation('connect')
  const navigate = useNavigate()
  const open = !isLoopback(grpc.host)
  return (
    <Card
      title={t('address')}
      icon={<Plug size={16} aria-hidden="true" />}
      actions={
        <Button kind="link" onClick={() => void navigate({ to: '/settings', search: { find: 'grpc' } })}>
          {t('change')}
        </Button>
      }
    >
      <div>
        <p className={css.host}>
          <code>{grpc.address}</code>
          <CopyButton text={grpc.address} label={t('copyAddress')} />
        </p>
        <p className={css.muted}>{open ? t('addressHint') : t('addressHintLoopback')}</p>
      </div>
      <Details
        items={[
          { term: t('encryption'), value: <Encryption grpc={grpc} open={open} /> },
          { term: t('who'), value: <Who grpc={grpc} open={open} /> },
          { term: t('reflection'), value: grpc.reflection ? t('reflectionOn') : t('reflectionOff') },
          {
            term: t('services'),
            value: (
              <ul>
                {grpc.services.map((name) => (
                  <li key={name}>
                    <code className={css.small}>{name}</code>
                  </li>
                ))}
              </ul>
            ),
          },
        ]}
      />
    </Card>
  )
}

interface PartProps {
  readonly grpc: GrpcInfo
  readonly open: boolean
}

function Encryption({ grpc, open }: PartProps): ReactNode {
  const { t } = useTranslation('connect')
  if (!grpc.tls) return <Sentence bad={open}>{open ? t('tlsOffOpen') : t('tlsOffLoopback')}</Sentence>
  if (grpc.certificateFile === undefined) return t('tlsOn')
  return (
    <>
      {t('tlsOnFile')}
      <FilePath path={grpc.certificateFile} />
    </>
  )
}

function Who({ grpc, open }: PartProps): ReactNode {
  const { t } = useTranslation('connect')
  switch (grpc.auth) {
    case 'none':
      return <Sentence bad={open}>{open ? t('authNoneOpen') : t('authNoneLoopback')}</Sentence>
    case 'mtls':
      return t('authMtls')
    case 'token':
      if (grpc.tokenFile === undefined) return t('authTokenNoFile')
      return (
        <>
          {t('authToken')}
          <FilePath path={grpc.tokenFile} />
        </>
      )
  }
}

function Sentence({ bad, children }: { readonly bad: boolean; readonly children: ReactNode }) {
  return <span className={bad ? css.bad : undefined}>{children}</span>
}

function FilePath({ path }: { readonly path: string }) {
  return (
    <span className={css.path}>
      <code className={css.small}>{path}</code>
      <CopyButton text={path} />
    </span>
  )
}
