import { Link, useSearch } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { ControlsSection } from './controls-section.tsx'
import { EditorsSection } from './editors-section.tsx'
import { FiguresSection } from './figures-section.tsx'
import css from './gallery.module.css'
import { galleryScreens } from './gallery-screens.tsx'
import { LayersSection } from './layers-section.tsx'
import { pageLinks } from './page-links.ts'
import { StatesSection } from './states-section.tsx'

const sections: Readonly<Record<string, () => ReactElement>> = {
  controls: ControlsSection,
  layers: LayersSection,
  figures: FiguresSection,
  states: StatesSection,
  editors: EditorsSection,
}

/** Every primitive and every screen in every state, for eyes, tests of looks and checks of accessibility. Needs no node. */
export function GalleryPage(): ReactElement {
  const { show } = useSearch({ from: '/dev/gallery' })
  const screen = show === undefined ? undefined : galleryScreens[show]
  if (screen !== undefined) return screen()
  const Section = show === undefined ? undefined : sections[show]
  return (
    <main className={css.page}>
      <div className={css.content}>
        <h1>Gallery</h1>
        <nav className={css.row} aria-label="Sections and screens">
          {[...Object.keys(sections), ...Object.keys(galleryScreens)].map((name) => (
            <Link key={name} to="/dev/gallery" search={{ show: name }}>
              {name}
            </Link>
          ))}
        </nav>
        {import.meta.env.MODE === 'demo' && (
          <nav className={css.row} aria-label="States of the pages">
            {pageLinks.map(({ label, href }) => (
              <a key={label} href={href}>
                {label}
              </a>
            ))}
          </nav>
        )}
        {Section !== undefined && <Section />}
      </div>
    </main>
  )
}
