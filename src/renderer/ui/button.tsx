import { clsx } from 'clsx'
import type { ComponentPropsWithRef, ReactElement, ReactNode } from 'react'
import css from './button.module.css'
import { Tooltip } from './tooltip.tsx'

export interface ButtonProps extends Omit<ComponentPropsWithRef<'button'>, 'disabled' | 'type'> {
  readonly kind?: 'primary' | 'default' | 'quiet' | 'danger' | 'link'
  readonly icon?: ReactNode
  readonly submit?: boolean
  /** Work that the button started is under way: it says so and takes no second click. */
  readonly busy?: boolean
  /** Switches the button off and tells why; it can still be reached, so that the reason can be read. */
  readonly disabledReason?: string | undefined
  readonly shortcut?: string
}

export function Button(props: ButtonProps): ReactElement {
  const { kind = 'default', icon, submit = false, busy = false, disabledReason, shortcut, ...attributes } = props
  const { className, onClick, children, ...rest } = attributes
  const off = busy || disabledReason !== undefined
  const button = (
    <button
      {...rest}
      type={submit && !off ? 'submit' : 'button'}
      className={clsx(css.button, kind !== 'default' && css[kind], className)}
      aria-disabled={off || undefined}
      aria-description={disabledReason}
      aria-busy={busy || undefined}
      onClick={off ? undefined : onClick}
    >
      {busy ? <span className={css.spin} aria-hidden="true" /> : icon}
      {children}
    </button>
  )
  // One that may be switched off has its tooltip from the start: the element, and the focus on it, stay when a reason comes or goes.
  if (!Object.hasOwn(props, 'disabledReason') && shortcut === undefined) return button
  return (
    <Tooltip text={disabledReason} shortcut={disabledReason === undefined ? shortcut : undefined}>
      {button}
    </Tooltip>
  )
}
