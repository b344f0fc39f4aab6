import { Checkbox as Base } from '@base-ui/react/checkbox'
import { Field } from '@base-ui/react/field'
import { clsx } from 'clsx'
import { Check, Minus } from 'lucide-react'
import type { ReactElement, ReactNode } from 'react'
import css from './choice.module.css'

interface CheckboxProps {
  readonly label: ReactNode
  readonly checked: boolean
  readonly onChange: (checked: boolean) => void
  /** Some of what it stands for is chosen. */
  readonly partly?: boolean
  readonly disabled?: boolean
}

export function Checkbox({ label, checked, onChange, partly = false, disabled = false }: CheckboxProps): ReactElement {
  return (
    <Field.Root disabled={disabled}>
      <Field.Label className={clsx(css.row, disabled && css.off)}>
        <Base.Root className={css.box} checked={checked} indeterminate={partly} onCheckedChange={(next) => onChange(next)}>
          <Base.Indicator>
            {partly ? <Minus size={12} aria-hidden="true" /> : <Check size={12} aria-hidden="true" />}
          </Base.Indicator>
        </Base.Root>
        {label}
      </Field.Label>
    </Field.Root>
  )
}
