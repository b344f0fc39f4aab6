import { clsx } from 'clsx'
import type { ReactElement, ReactNode } from 'react'
import css from './card.module.css'

interface CardProps {
  readonly title?: ReactNode
  readonly icon?: ReactNode
  /** A quiet title names a figure; otherwise it heads a section. */
  readonly quiet?: boolean
  /** At the end of the title's line. */
  readonly actions?: ReactNode
  readonly className?: string | undefined
  readonly children?: ReactNode
}

export function Card({ title, icon, quiet = false, actions, className, children }: CardProps): ReactElement {
  return (
    <section className={clsx(css.card, className)}>
      {title !== undefined && (
        <div className={css.head}>
          <h2 className={clsx(css.title, quiet && css.quiet)}>
            {icon}
            {title}
          </h2>
          {actions}
        </div>
      )}
      {children}
    </section>
  )
}

export interface Detail {
  readonly term: string
  readonly value: ReactNode
}

/** Names and what they stand for, in two columns. */
export function Details({ items }: { readonly items: readonly Detail[] }): ReactElement {
  return (
    <dl className={css.details}>
      {items.map(({ term, value }) => (
        <div key={term} style={{ display: 'contents' }}>
          <dt className={css.term}>{term}</dt>
          <dd className={css.value}>{value}</dd>
        </div>
      ))}
    </dl>
  )
}
