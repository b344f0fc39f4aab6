import { Field } from '@base-ui/react/field'
import { clsx } from 'clsx'
import type { ComponentPropsWithRef, ReactElement, ReactNode } from 'react'
import css from './field.module.css'

interface TextFieldProps extends Omit<ComponentPropsWithRef<'input'>, 'onChange' | 'children' | 'defaultValue' | 'value'> {
  readonly label: string
  /** The label is read out, but other text on the screen already says what the field is for. */
  readonly labelHidden?: boolean
  readonly help?: ReactNode
  readonly error?: ReactNode
  readonly mono?: boolean
  readonly icon?: ReactNode
  readonly suffix?: ReactNode
  readonly value?: string
  readonly defaultValue?: string
  readonly onChange?: (value: string) => void
}

export function TextField(props: TextFieldProps): ReactElement {
  const { label, labelHidden = false, help, error, mono = false, icon, suffix, onChange, className, ...input } = props
  const invalid = error !== undefined && error !== ''
  return (
    <Field.Root className={clsx(css.field, className)} invalid={invalid} disabled={input.disabled ?? false}>
      <Field.Label className={labelHidden ? css.hidden : css.label}>{label}</Field.Label>
      <div className={css.frame} data-invalid={invalid || undefined} data-off={input.disabled || undefined}>
        {icon}
        <Field.Control
          autoComplete="off"
          spellCheck={false}
          {...input}
          className={clsx(css.input, mono && css.mono)}
          onValueChange={(value) => onChange?.(value)}
        />
        {suffix}
      </div>
      {help !== undefined && <Field.Description className={css.help}>{help}</Field.Description>}
      {invalid && (
        <Field.Error className={css.error} match>
          {error}
        </Field.Error>
      )}
    </Field.Root>
  )
}
