import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import css from './settings.module.css'

const marginPx = 16
const sections = ['general', 'node', 'safety', 'privacy', 'shortcuts', 'advanced'] as const

/** Moves only the pane of the sections: scrolling into view would move the window around it as well. */
export function showSection(name: (typeof sections)[number]): void {
  const section = document.getElementById(`settings-${name}`)
  const pane = section?.closest(`.${css.scroll}`)
  if (section === null || pane === null || pane === undefined) return
  pane.scrollTop += section.getBoundingClientRect().top - pane.getBoundingClientRect().top - marginPx
  section.querySelector('h2')?.focus({ preventScroll: true })
}

/** Jumps to a section; what is found by a search needs no such way. */
export function SectionNav({ find }: { readonly find: string }): ReactElement | null {
  const { t } = useTranslation('settings')
  if (find !== '') return null
  return (
    <nav className={css.nav} aria-label={t('sections')}>
      {sections.map((name) => (
        <button key={name} type="button" className={css.navItem} onClick={() => showSection(name)}>
          {t(name)}
        </button>
      ))}
    </nav>
  )
}
