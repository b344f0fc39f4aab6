import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Hexagon, LoaderCircle, LogOut, Search } from 'lucide-react'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import { useHost, useNode, useNodeEvents } from '../connection/connection-provider.tsx'
import { keysOf } from '../shortcuts/registry.ts'
import { IconButton } from '../ui/icon-button.tsx'
import { KeyCaps } from '../ui/key-caps.tsx'
import css from './shell.module.css'

interface TitleBarProps {
  readonly onSearch: () => void
  readonly onSignOut: () => void
}

export function TitleBar({ onSearch, onSignOut }: TitleBarProps): ReactElement {
  const { t } = useTranslation('shell')
  const { hello } = useNode()
  const { capabilities } = useHost()
  return (
    <header className={css.titleBar}>
      <div className={css.network}>
        <Hexagon size={18} aria-hidden="true" />
        <span translate="no">{hello.networkName}</span>
      </div>
      <button type="button" className={css.search} onClick={onSearch}>
        <Search size={14} aria-hidden="true" />
        <span>{t('searchButton')}</span>
        <KeyCaps keys={keysOf('palette.open') ?? ''} />
      </button>
      <div className={css.tools}>
        <RunningJobs />
        {capabilities.signsOut && (
          <IconButton label={t('signOut')} icon={<LogOut size={16} aria-hidden="true" />} onClick={onSignOut} />
        )}
      </div>
    </header>
  )
}

function RunningJobs() {
  const { t } = useTranslation('shell')
  const navigate = useNavigate()
  const { queries } = useNode()
  useNodeEvents(['jobs'])
  const running = useQuery(queries.jobs.list.queryOptions()).data?.filter((job) => job.state === 'running') ?? []
  if (running.length === 0) return null
  return (
    <IconButton
      label={t('jobsRunning', { count: running.length })}
      icon={<LoaderCircle size={16} className={css.turning} aria-hidden="true" />}
      onClick={() => void navigate({ to: '/activity', search: { tab: 'jobs' } })}
    />
  )
}
