import { Select as Base } from '@base-ui/react/select'
import { Check, ChevronDown } from 'lucide-react'
import type { ReactElement } from 'react'
import field from './field.module.css'
import css from './popup.module.css'

export interface Option<Value extends string> {
  readonly value: Value
  readonly label: string
}

interface SelectProps<Value extends string> {
  readonly label: string
  readonly labelHidden?: boolean
  readonly options: readonly Option<Value>[]
  readonly value: Value
  readonly onChange: (value: Value) => void
  readonly help?: string
  readonly disabled?: boolean
}

export function Select<Value extends string>(props: SelectProps<Value>): ReactElement {
  const { label, labelHidden = false, options, value, onChange, help, disabled = false } = props
  return (
    <div className={field.field}>
      <Base.Root items={[...options]} value={value} onValueChange={(next) => next !== null && onChange(next)} disabled={disabled}>
        <Base.Label className={labelHidden ? field.hidden : field.label}>{label}</Base.Label>
        <Base.Trigger className={css.trigger}>
          <Base.Value />
          <Base.Icon>
            <ChevronDown size={14} aria-hidden="true" />
          </Base.Icon>
        </Base.Trigger>
        <Base.Portal>
          <Base.Positioner className={css.positioner} sideOffset={4} alignItemWithTrigger={false}>
            <Base.Popup className={css.popup}>
              {options.map((option) => (
                <Base.Item key={option.value} value={option.value} className={css.item}>
                  <span className={css.mark}>
                    <Base.ItemIndicator>
                      <Check size={14} aria-hidden="true" />
                    </Base.ItemIndicator>
                  </span>
                  <Base.ItemText className={css.grow}>{option.label}</Base.ItemText>
                </Base.Item>
              ))}
            </Base.Popup>
          </Base.Positioner>
        </Base.Portal>
      </Base.Root>
      {help !== undefined && <p className={field.help}>{help}</p>}
    </div>
  )
}
