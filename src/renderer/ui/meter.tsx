import { Meter as BaseMeter } from '@base-ui/react/meter'
import { Progress as BaseProgress } from '@base-ui/react/progress'
import { clsx } from 'clsx'
import type { ReactElement, ReactNode } from 'react'
import css from './meter.module.css'

interface MeterProps {
  /** Read out; the texts around the bar say the same for the eye. */
  readonly label: string
  readonly value: number
  readonly max: number
  readonly tone?: 'accent' | 'ok' | 'warn' | 'danger'
  /** How the value is read out, e.g. "38.1 of 100 GB". */
  readonly valueText?: string
}

/** How full something is. */
export function Meter({ label, value, max, tone = 'accent', valueText }: MeterProps): ReactElement {
  const within = Math.min(Math.max(value, 0), max)
  return (
    <BaseMeter.Root
      className={css.root}
      value={within}
      max={max > 0 ? max : 1}
      aria-label={label}
      {...(valueText !== undefined && { getAriaValueText: () => valueText })}
    >
      <BaseMeter.Track className={css.track}>
        <BaseMeter.Indicator className={clsx(css.indicator, tone !== 'accent' && css[tone])} />
      </BaseMeter.Track>
    </BaseMeter.Root>
  )
}

interface ProgressProps {
  readonly label: ReactNode
  /** Left of the end of the line above the bar, e.g. the time that is left. */
  readonly detail?: ReactNode
  /** Between 0 and 1; undefined while the end is not known. */
  readonly value: number | undefined
}

/** How far work has come. */
export function Progress({ label, detail, value }: ProgressProps): ReactElement {
  return (
    <BaseProgress.Root className={css.root} value={value === undefined ? null : Math.min(Math.max(value, 0), 1)} max={1}>
      <div className={css.head}>
        <BaseProgress.Label>{label}</BaseProgress.Label>
        <span>{detail}</span>
      </div>
      <BaseProgress.Track className={clsx(css.track, css.tall)}>
        <BaseProgress.Indicator className={clsx(css.indicator, value === undefined && css.unknown)} />
      </BaseProgress.Track>
    </BaseProgress.Root>
  )
}
