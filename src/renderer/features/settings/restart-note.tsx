import { useMutation } from '@tanstack/react-query'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import type { Settings } from '../../../ipc/contract/setting-schemas.ts'
import { useHost } from '../../connection/connection-provider.tsx'
import { failureOf } from '../../connection/failure.ts'
import { Banner } from '../../ui/banner.tsx'
import { Button } from '../../ui/button.tsx'
import { formatCount } from '../../ui/format.ts'
import { useRowTexts } from './use-row-texts.ts'

/** Settings wait for a start: the button where the program around the screens can do it, else what to do. Of a file that a start would refuse, nothing. */
export function RestartNote({ settings: { rows, problems } }: { readonly settings: Settings }): ReactElement | null {
  const { t } = useTranslation('settings')
  const { labelOf } = useRowTexts()
  const { client, capabilities } = useHost()
  const restart = useMutation({ mutationFn: () => client.node.restart() })
  const pending = rows.filter((row) => row.pending && row.needsRestart)
  if (pending.length === 0 || problems.length > 0) return null
  const names = pending.map(({ name }) => `${labelOf(name)} (${name})`).join(', ')
  return (
    <Banner
      tone={restart.error === null ? 'info' : 'danger'}
      actions={
        capabilities.supervises && (
          <Button busy={restart.isPending} onClick={() => restart.mutate()}>
            {t('restart')}
          </Button>
        )
      }
    >
      {t('restartNeeded', { count: pending.length, number: formatCount(pending.length), names })}{' '}
      {!capabilities.supervises && t('restartByHand')}
      {restart.error !== null && t('restartFailed', { reason: failureOf(restart.error).message })}
    </Banner>
  )
}
