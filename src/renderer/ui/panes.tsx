import type { ReactElement, ReactNode } from 'react'
import { Fragment } from 'react'
import { Group, Panel, Separator, useDefaultLayout } from 'react-resizable-panels'
import css from './panes.module.css'
import { savedLayouts } from './saved-layouts.ts'

export interface Pane {
  readonly name: string
  /** Read out for the handle at its left. */
  readonly label: string
  readonly content: ReactNode
  /** Pixels, e.g. 320, or a share of the whole, e.g. '30%'. */
  readonly defaultSize?: number | string
  readonly minSize?: number | string
  readonly maxSize?: number | string
}

interface PanesProps {
  /** Sizes are kept by this name, and by which panes are shown. */
  readonly name: string
  readonly panes: readonly Pane[]
}

/** Side by side, with handles that work by pointer and arrow keys; a double click resets. */
export function Panes({ name, panes }: PanesProps): ReactElement {
  const layout = useDefaultLayout({ id: name, panelIds: panes.map((pane) => pane.name), storage: savedLayouts })
  return (
    <Group className={css.group} orientation="horizontal" {...layout}>
      {panes.map((pane, index) => (
        <Fragment key={pane.name}>
          {index > 0 && <Separator className={css.handle} aria-label={pane.label} />}
          <Panel
            id={pane.name}
            defaultSize={pane.defaultSize}
            minSize={pane.minSize}
            maxSize={pane.maxSize}
            groupResizeBehavior={typeof pane.defaultSize === 'number' ? 'preserve-pixel-size' : 'preserve-relative-size'}
          >
            <div className={css.pane} data-pane tabIndex={-1}>
              {pane.content}
            </div>
          </Panel>
        </Fragment>
      ))}
    </Group>
  )
}
