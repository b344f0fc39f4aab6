import { Link } from '@tanstack/react-router'
import { CircleHelp } from 'lucide-react'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import { keysOf } from '../shortcuts/registry.ts'
import { Tooltip } from '../ui/tooltip.tsx'
import { navPages, settingsPage } from './nav-pages.ts'
import css from './shell.module.css'

type NavPage = (typeof navPages)[number] | typeof settingsPage

export function Nav({ onHelp }: { readonly onHelp: () => void }): ReactElement {
  const { t } = useTranslation('shell')
  return (
    <nav className={css.nav} aria-label={t('navLabel')} data-pane tabIndex={-1}>
      {navPages.map((page) => (
        <NavLink key={page.to} page={page} />
      ))}
      <hr className={css.rule} />
      <NavLink page={settingsPage} />
      <Tooltip side="right" text={t('help')} shortcut={keysOf('shortcuts.show')}>
        <button type="button" className={css.entry} onClick={onHelp}>
          <CircleHelp size={16} aria-hidden="true" />
          <span>{t('help')}</span>
        </button>
      </Tooltip>
    </nav>
  )
}

function NavLink({ page }: { readonly page: NavPage }) {
  const { t } = useTranslation('shell')
  const Icon = page.icon
  return (
    <Tooltip side="right" text={t(page.text)} shortcut={keysOf(page.command)}>
      <Link to={page.to} className={css.entry} activeProps={{ 'data-active': true }}>
        <Icon size={16} aria-hidden="true" />
        <span>{t(page.text)}</span>
      </Link>
    </Tooltip>
  )
}
