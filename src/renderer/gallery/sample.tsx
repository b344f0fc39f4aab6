import { clsx } from 'clsx'
import type { ReactElement, ReactNode } from 'react'
import css from './gallery.module.css'

interface SampleProps {
  readonly title: string
  readonly columns?: boolean
  readonly children: ReactNode
}

export function Sample({ title, columns = false, children }: SampleProps): ReactElement {
  return (
    <section className={css.sample}>
      <h2>{title}</h2>
      <div className={columns ? css.columns : css.row}>{children}</div>
    </section>
  )
}

/** As high and as wide as a pane of a page. */
export function Frame({ wide = false, children }: { readonly wide?: boolean; readonly children: ReactNode }): ReactElement {
  return <div className={clsx(css.frame, wide && css.wide)}>{children}</div>
}
