import { NumberField as Base } from '@base-ui/react/number-field'
import { Minus, Plus } from 'lucide-react'
import type { ReactElement } from 'react'
import { useId } from 'react'
import { useTranslation } from 'react-i18next'
import css from './field.module.css'

interface NumberFieldProps {
  readonly label: string
  readonly value: number | null
  readonly onChange: (value: number | null) => void
  readonly min?: number
  readonly max?: number
  readonly step?: number
  readonly suffix?: string
  readonly help?: string
  readonly error?: string | undefined
  readonly disabled?: boolean
}

export function NumberField(props: NumberFieldProps): ReactElement {
  const { label, value, onChange, suffix, help, error, disabled = false, ...range } = props
  const { t } = useTranslation('ui')
  const id = useId()
  return (
    <Base.Root {...range} id={id} className={css.field} value={value} onValueChange={onChange} disabled={disabled}>
      <label className={css.label} htmlFor={id}>
        {label}
      </label>
      <Base.Group className={css.frame} data-invalid={error !== undefined || undefined} data-off={disabled || undefined}>
        <Base.Input className={css.input} aria-describedby={`${id}-more`} />
        {suffix !== undefined && <span className={css.suffix}>{suffix}</span>}
        <Base.Decrement className={css.step} aria-label={t('less')}>
          <Minus size={12} aria-hidden="true" />
        </Base.Decrement>
        <Base.Increment className={css.step} aria-label={t('more')}>
          <Plus size={12} aria-hidden="true" />
        </Base.Increment>
      </Base.Group>
      <div id={`${id}-more`} className={error === undefined ? css.help : css.error}>
        {error ?? help}
      </div>
    </Base.Root>
  )
}
