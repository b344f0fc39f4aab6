import { CircleAlert, Lock } from 'lucide-react'
import type { ReactElement, ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { asSentence } from '../text/sentence-of.ts'
import { Banner } from './banner.tsx'
import { Button } from './button.tsx'
import { CopyButton } from './copy-button.tsx'
import css from './states.module.css'

interface EmptyProps {
  readonly icon?: ReactNode
  /** One line: what would be here. Say something else for a list that is only filtered. */
  readonly title: string
  readonly text?: ReactNode
  readonly actions?: ReactNode
}

export function Empty({ icon, title, text, actions }: EmptyProps): ReactElement {
  return (
    <div className={`${css.state} ${css.centred}`}>
      {icon !== undefined && <span className={css.icon}>{icon}</span>}
      <h2 className={css.title}>{title}</h2>
      {text !== undefined && <p className={css.muted}>{text}</p>}
      {actions !== undefined && <div className={css.actions}>{actions}</div>}
    </div>
  )
}

/** Some of it is missing: says what and why, above what is there. */
export function Partial({ children, actions }: { readonly children: ReactNode; readonly actions?: ReactNode }): ReactElement {
  return (
    <Banner tone="warn" inset actions={actions}>
      {children}
    </Banner>
  )
}

/** The shape of `failureOf`. */
export interface ShownFailure {
  readonly code: string
  readonly message: string
  readonly details: Readonly<Record<string, string>>
  readonly correlationId?: string | undefined
}

interface FailedProps {
  /** What failed, e.g. "The value could not be read". */
  readonly title: string
  readonly failure: ShownFailure
  readonly onRetry?: () => void
  /** Other ways out. */
  readonly actions?: ReactNode
}

/** Stands in the pane that failed: what, why, what can be done, and the facts to pass on. */
export function Failed({ title, failure, onRetry, actions }: FailedProps): ReactElement {
  const { t } = useTranslation('ui')
  const facts = JSON.stringify({ title, ...failure }, undefined, 2)
  return (
    <div className={css.state} role="alert">
      <div className={`${css.head} ${css.danger}`}>
        <CircleAlert size={16} aria-hidden="true" />
        <h2 className={css.title}>{title}</h2>
      </div>
      <p>{asSentence(failure.message)}</p>
      <div className={css.actions}>
        {onRetry !== undefined && <Button onClick={onRetry}>{t('retry')}</Button>}
        {actions}
      </div>
      <div className={css.code}>
        <code>{failure.code}</code>
        {failure.correlationId !== undefined && <code>{failure.correlationId}</code>}
        <CopyButton text={facts} label={t('copyDetails')} />
      </div>
    </div>
  )
}

/** It may be read but not changed, or not even read: by whom it may. */
export function Forbidden({ children, actions }: { readonly children: ReactNode; readonly actions?: ReactNode }): ReactElement {
  return (
    <div className={css.state}>
      <div className={`${css.head} ${css.warn}`}>
        <Lock size={16} aria-hidden="true" />
      </div>
      <p>{children}</p>
      {actions !== undefined && <div className={css.actions}>{actions}</div>}
    </div>
  )
}

/** Content that may be outdated is paler; it can still be read, selected and copied. */
export function Stale({ stale, children }: { readonly stale: boolean; readonly children: ReactNode }): ReactElement {
  return (
    <div className={css.stale} data-stale={stale || undefined}>
      {children}
    </div>
  )
}
