import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import css from './settings.module.css'

const sections = ['general', 'node', 'safety', 'privacy', 'shortcuts', 'advanced'] as const

/** Jumps to a section; what is found by a search needs no such way. */
export function SectionNav({ find }: { readonly find: string }): ReactElement | null {
  const { t } = useTranslation('settings')
  if (find !== '') return null
  return (
    <nav className={css.nav} aria-label={t('sections')}>
      {sections.map((name) => (
        <button
          key={name}
          type="button"
          className={css.navItem}
          onClick={() => document.getElementById(`settings-${name}`)?.scrollIntoView({ block: 'start' })}
        >
          {t(name)}
        </button>
      ))}
    </nav>
  )
}
