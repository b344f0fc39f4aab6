import { Field } from '@base-ui/react/field'
import { Switch as Base } from '@base-ui/react/switch'
import { clsx } from 'clsx'
import type { ReactElement } from 'react'
import css from './choice.module.css'
import { Tooltip } from './tooltip.tsx'

interface SwitchProps {
  readonly label: string
  /** The label is read out, but other text on the screen already says what the switch is for. */
  readonly labelHidden?: boolean
  readonly help?: string
  readonly checked: boolean
  readonly onChange: (checked: boolean) => void
  readonly disabledReason?: string | undefined
}

export function Switch({ label, labelHidden = false, help, checked, onChange, disabledReason }: SwitchProps): ReactElement {
  const off = disabledReason !== undefined
  return (
    <Tooltip text={disabledReason}>
      <div>
        <Field.Root disabled={off}>
          <Field.Label className={clsx(css.row, off && css.off)}>
            <Base.Root className={css.switch} checked={checked} onCheckedChange={(next) => onChange(next)}>
              <Base.Thumb className={css.thumb} />
            </Base.Root>
            <span className={labelHidden ? 'visually-hidden' : undefined}>{label}</span>
          </Field.Label>
          {help !== undefined && <Field.Description className={css.help}>{help}</Field.Description>}
        </Field.Root>
      </div>
    </Tooltip>
  )
}
