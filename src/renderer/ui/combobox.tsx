import { Autocomplete as Base } from '@base-ui/react/autocomplete'
import { clsx } from 'clsx'
import type { ReactElement, ReactNode } from 'react'
import { useId } from 'react'
import field from './field.module.css'
import css from './popup.module.css'

interface ComboboxProps {
  readonly label: string
  readonly labelHidden?: boolean
  /** Proposals for what may be typed; any other text is allowed as well. */
  readonly options: readonly string[]
  readonly value: string
  readonly onChange: (value: string) => void
  readonly placeholder?: string
  readonly help?: ReactNode
  readonly error?: ReactNode
  readonly mono?: boolean
  readonly disabled?: boolean
}

/** Free text with proposals. For a fixed set of values use `Select`. */
export function Combobox(props: ComboboxProps): ReactElement {
  const { label, labelHidden = false, options, value, onChange, placeholder, help, error, mono = false, disabled = false } = props
  const id = useId()
  const invalid = error !== undefined && error !== ''
  return (
    <div className={field.field}>
      <Base.Root items={[...options]} value={value} onValueChange={onChange} disabled={disabled}>
        <label className={labelHidden ? field.hidden : field.label} htmlFor={id}>
          {label}
        </label>
        <div className={field.frame} data-invalid={invalid || undefined} data-off={disabled || undefined}>
          <Base.Input
            id={id}
            className={clsx(field.input, mono && field.mono)}
            placeholder={placeholder}
            spellCheck={false}
            aria-invalid={invalid || undefined}
            aria-describedby={`${id}-more`}
          />
        </div>
        <Base.Portal>
          <Base.Positioner className={css.positioner} sideOffset={4}>
            <Base.Popup className={css.popup} hidden={options.length === 0}>
              <Base.List>
                {(item: string) => (
                  <Base.Item key={item} value={item} className={clsx(css.item, mono && field.mono)}>
                    {item}
                  </Base.Item>
                )}
              </Base.List>
            </Base.Popup>
          </Base.Positioner>
        </Base.Portal>
      </Base.Root>
      <div id={`${id}-more`} className={invalid ? field.error : field.help}>
        {invalid ? error : help}
      </div>
    </div>
  )
}
