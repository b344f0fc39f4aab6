import { clsx } from 'clsx'
import type { ReactElement, ReactNode } from 'react'
import css from './badge.module.css'
import type { Tone } from './banner.tsx'

export function Badge({ tone, children }: { readonly tone?: Tone; readonly children: ReactNode }): ReactElement {
  return <span className={clsx(css.badge, tone !== undefined && css[tone])}>{children}</span>
}

/** A state by shape, colour and word. */
export function Status({ tone, children }: { readonly tone: Tone | 'idle'; readonly children: ReactNode }): ReactElement {
  return (
    <span className={clsx(css.status, css[`${tone}Text`])}>
      <span className={css.dot} aria-hidden="true" />
      {children}
    </span>
  )
}
