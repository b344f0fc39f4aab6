import { useQuery } from '@tanstack/react-query'
import { KeyRound } from 'lucide-react'
import type { ReactElement } from 'react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useNode } from '../../../connection/connection-provider.tsx'
import { useWriteBlock } from '../../../connection/use-write-block.ts'
import { Button } from '../../../ui/button.tsx'
import { CopyButton } from '../../../ui/copy-button.tsx'
import { Empty } from '../../../ui/states.tsx'
import { useKeyCommands } from '../use-key-commands.ts'
import css from './first-use.module.css'

/** There is no key yet: what this is, and three ways to make one. */
export function FirstUse(): ReactElement {
  const { t } = useTranslation('keys')
  const { queries } = useNode()
  const blocked = useWriteBlock()
  const { newKey, importKeys } = useKeyCommands()
  const [shown, setShown] = useState(false)
  const address = useQuery(queries.grpc.info.queryOptions()).data?.address ?? '127.0.0.1:7070'
  const command = `grpcurl -plaintext -d '{"key":"greeting","value":"aGVsbG8="}' ${address} memo.v1.KeyValue/Put`
  return (
    <div className={css.box}>
      <Empty
        icon={<KeyRound size={24} aria-hidden="true" />}
        title={t('firstTitle')}
        text={t('firstText')}
        actions={
          <>
            <Button kind="primary" disabledReason={blocked} onClick={() => newKey('')}>
              {t('newKey')}
            </Button>
            <Button disabledReason={blocked} onClick={() => importKeys('')}>
              {t('importDots')}
            </Button>
            <Button kind="link" onClick={() => setShown(true)}>
              {t('showGrpcurl')}
            </Button>
          </>
        }
      />
      {shown && (
        <div className={css.command}>
          <code>{command}</code>
          <CopyButton text={command} label={t('copyCommand')} />
        </div>
      )}
    </div>
  )
}
