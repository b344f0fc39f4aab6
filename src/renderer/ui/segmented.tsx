import { Toggle } from '@base-ui/react/toggle'
import { ToggleGroup } from '@base-ui/react/toggle-group'
import type { ReactElement } from 'react'
import css from './choice.module.css'
import type { Option } from './select.tsx'

interface SegmentedProps<Value extends string> {
  readonly label: string
  readonly options: readonly Option<Value>[]
  readonly value: Value
  readonly onChange: (value: Value) => void
}

/** Two to five values that exclude each other, all in sight. */
export function Segmented<Value extends string>({ label, options, value, onChange }: SegmentedProps<Value>): ReactElement {
  return (
    <ToggleGroup
      className={css.group}
      aria-label={label}
      value={[value]}
      onValueChange={([next]) => {
        const chosen = options.find((option) => option.value === next)
        if (chosen !== undefined) onChange(chosen.value)
      }}
    >
      {options.map((option) => (
        <Toggle key={option.value} value={option.value} className={css.segment}>
          {option.label}
        </Toggle>
      ))}
    </ToggleGroup>
  )
}
