import { useNavigate } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import { Banner } from '../../../ui/banner.tsx'
import { Button } from '../../../ui/button.tsx'
import { formatCount } from '../../../ui/format.ts'
import { visibleKey } from '../visible-key.ts'
import type { ListLack } from './key-tree.ts'

/** Says beside the keys that are shown that they are not all, and where it stands what to do. */
export function ListDamageNotice({ lack }: { readonly lack: ListLack | undefined }): ReactElement | null {
  const { t } = useTranslation('keys')
  const navigate = useNavigate()
  if (lack === undefined) return null
  const { unreadable, names, incomplete } = lack
  const count = { count: unreadable, number: formatCount(unreadable) }
  const named = { names: names.map(visibleKey).join(', ') }
  return (
    <Banner
      tone="warn"
      actions={
        <Button kind="link" onClick={() => void navigate({ to: '/overview' })}>
          {t('damageWhatToDo')}
        </Button>
      }
    >
      {unreadable > 0 && names.length === unreadable && <p>{t('unreadableNamed', { ...count, ...named })}</p>}
      {unreadable > names.length && (
        <p>
          {t('unreadableKeys', count)} {names.length > 0 && t('unreadableNames', named)}
        </p>
      )}
      {incomplete && <p>{t('listIncomplete')}</p>}
      <p>{t('damagedListText')}</p>
    </Banner>
  )
}
