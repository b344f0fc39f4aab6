import { clsx } from 'clsx'
import type { ReactElement, ReactNode } from 'react'
import css from './screen.module.css'

interface ScreenCardProps {
  readonly icon: ReactNode
  readonly tone: 'info' | 'warn' | 'danger'
  readonly title: string
  readonly children: ReactNode
  readonly actions?: ReactNode
}

/** Takes the place of the pages while there is nothing that a page could show. */
export function ScreenCard({ icon, tone, title, children, actions }: ScreenCardProps): ReactElement {
  return (
    <main className={css.screen}>
      <section className={css.card}>
        <div className={css.head}>
          <span className={clsx(css.head, css[tone])}>{icon}</span>
          <h1 className={css.title}>{title}</h1>
        </div>
        {children}
        {actions !== undefined && <div className={css.actions}>{actions}</div>}
      </section>
    </main>
  )
}
