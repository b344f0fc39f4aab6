import { Tooltip as Base } from '@base-ui/react/tooltip'
import type { ReactElement, ReactNode } from 'react'
import { KeyCaps } from './key-caps.tsx'
import css from './tooltip.module.css'

interface TooltipProps {
  readonly text?: ReactNode
  /** As the registry of shortcuts writes it, e.g. `mod+k`. */
  readonly shortcut?: string | undefined
  readonly side?: 'top' | 'bottom' | 'left' | 'right'
  /** The one element that it explains. */
  readonly children: ReactElement<Record<string, unknown>>
}

/** With nothing to say it stays around its element, which would lose the focus if it were made anew. */
export function Tooltip({ text, shortcut, side = 'bottom', children }: TooltipProps): ReactElement {
  return (
    <Base.Root disabled={text === undefined && shortcut === undefined}>
      <Base.Trigger render={children} delay={400} />
      <Base.Portal>
        <Base.Positioner className={css.positioner} sideOffset={6} side={side}>
          <Base.Popup className={css.popup}>
            {text}
            {shortcut !== undefined && <KeyCaps keys={shortcut} />}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  )
}
