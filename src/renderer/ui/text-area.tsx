import { clsx } from 'clsx'
import type { ComponentPropsWithRef, ReactElement, ReactNode } from 'react'
import { useId } from 'react'
import css from './field.module.css'

interface TextAreaProps extends Omit<ComponentPropsWithRef<'textarea'>, 'onChange' | 'value'> {
  readonly label: string
  readonly help?: ReactNode
  readonly error?: ReactNode
  readonly mono?: boolean
  readonly value: string
  readonly onChange: (value: string) => void
}

export function TextArea({ label, help, error, mono = false, onChange, className, ...input }: TextAreaProps): ReactElement {
  const id = useId()
  const invalid = error !== undefined && error !== ''
  return (
    <div className={clsx(css.field, className)}>
      <label className={css.label} htmlFor={id}>
        {label}
      </label>
      <div className={css.frame} data-invalid={invalid || undefined}>
        <textarea
          rows={4}
          spellCheck={false}
          {...input}
          id={id}
          className={clsx(css.input, css.area, mono && css.mono)}
          aria-invalid={invalid || undefined}
          aria-describedby={`${id}-more`}
          onChange={(event) => onChange(event.target.value)}
        />
      </div>
      <div id={`${id}-more`} className={invalid ? css.error : css.help}>
        {invalid ? error : help}
      </div>
    </div>
  )
}
