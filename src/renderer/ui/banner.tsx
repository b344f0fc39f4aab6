import { clsx } from 'clsx'
import { CircleCheck, Info, OctagonAlert, TriangleAlert } from 'lucide-react'
import type { ReactElement, ReactNode } from 'react'
import css from './banner.module.css'

export type Tone = 'ok' | 'info' | 'warn' | 'danger'

const icons = { ok: CircleCheck, info: Info, warn: TriangleAlert, danger: OctagonAlert } as const

export function ToneIcon({ tone, size = 16 }: { readonly tone: Tone; readonly size?: number }): ReactElement {
  const Icon = icons[tone]
  return <Icon size={size} aria-hidden="true" />
}

interface BannerProps {
  readonly tone: Tone
  readonly children: ReactNode
  readonly actions?: ReactNode
  /** Stands among other content instead of across the window. */
  readonly inset?: boolean
}

export function Banner({ tone, children, actions, inset = false }: BannerProps): ReactElement {
  return (
    <div className={clsx(css.banner, css[tone], inset && css.card)} role={tone === 'danger' ? 'alert' : 'status'}>
      <span className={css.icon}>
        <ToneIcon tone={tone} />
      </span>
      <div className={css.text}>{children}</div>
      {actions}
    </div>
  )
}
