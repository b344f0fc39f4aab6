import { clsx } from 'clsx'
import type { ComponentPropsWithRef, ReactElement, ReactNode } from 'react'
import css from './button.module.css'
import { Tooltip } from './tooltip.tsx'

interface IconButtonProps extends Omit<ComponentPropsWithRef<'button'>, 'disabled' | 'type' | 'aria-label'> {
  /** Read out, and shown in the tooltip. */
  readonly label: string
  readonly icon: ReactNode
  readonly shortcut?: string
  /** Makes it a button with two positions. */
  readonly pressed?: boolean
  readonly disabledReason?: string | undefined
}

export function IconButton({
  label,
  icon,
  shortcut,
  pressed,
  disabledReason,
  className,
  onClick,
  ...rest
}: IconButtonProps): ReactElement {
  const off = disabledReason !== undefined
  return (
    <Tooltip text={disabledReason ?? label} shortcut={shortcut}>
      <button
        {...rest}
        type="button"
        className={clsx(css.button, css.quiet, css.iconOnly, pressed && css.pressed, className)}
        aria-label={label}
        aria-pressed={pressed}
        aria-disabled={off || undefined}
        aria-description={disabledReason}
        onClick={off ? undefined : onClick}
      >
        {icon}
      </button>
    </Tooltip>
  )
}
