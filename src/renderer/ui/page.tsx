import { clsx } from 'clsx'
import type { ReactElement, ReactNode } from 'react'
import css from './page.module.css'

interface PageProps {
  readonly title: string
  readonly subtitle?: ReactNode
  /** At the right of the title; the primary one last. */
  readonly actions?: ReactNode
  /** The content reaches to all sides and scrolls by itself: panes, lists, tabs. */
  readonly bare?: boolean
  readonly children: ReactNode
}

export function Page({ title, subtitle, actions, bare = false, children }: PageProps): ReactElement {
  return (
    <div className={css.page}>
      <header className={clsx(css.head, bare && css.lined)}>
        <h1>{title}</h1>
        {subtitle !== undefined && <div className={css.subtitle}>{subtitle}</div>}
        {actions !== undefined && <div className={css.actions}>{actions}</div>}
      </header>
      <div className={clsx(css.body, bare && css.bare)}>{children}</div>
    </div>
  )
}

/** Filters and switches above a list. */
export function Toolbar({ label, children }: { readonly label: string; readonly children: ReactNode }): ReactElement {
  return (
    <div className={css.toolbar} role="toolbar" aria-label={label}>
      {children}
    </div>
  )
}
