import { ContextMenu as BaseContext } from '@base-ui/react/context-menu'
import { Menu as Base } from '@base-ui/react/menu'
import { clsx } from 'clsx'
import { Check } from 'lucide-react'
import type { ReactElement, ReactNode } from 'react'
import { KeyCaps } from './key-caps.tsx'
import css from './popup.module.css'

export interface MenuAction {
  readonly kind?: 'action'
  readonly label: string
  readonly icon?: ReactNode
  readonly shortcut?: string | undefined
  readonly danger?: boolean
  /** Makes it an entry with a tick. */
  readonly checked?: boolean
  readonly disabled?: boolean
  readonly onSelect: () => void
}

export interface MenuSeparator {
  readonly kind: 'separator'
  /** Heads what follows. */
  readonly label?: string
}

export type MenuEntry = MenuAction | MenuSeparator

interface MenuProps {
  /** The button that opens it. */
  readonly trigger: ReactElement<Record<string, unknown>>
  readonly entries: readonly MenuEntry[]
  readonly align?: 'start' | 'end'
}

export function Menu({ trigger, entries, align = 'start' }: MenuProps): ReactElement {
  return (
    <Base.Root>
      <Base.Trigger render={trigger} />
      <Base.Portal>
        <Base.Positioner className={css.positioner} sideOffset={4} align={align}>
          <Base.Popup className={css.popup}>
            <Entries entries={entries} />
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  )
}

interface ContextMenuProps {
  readonly entries: readonly MenuEntry[]
  readonly children: ReactNode
  readonly className?: string | undefined
  /** Hears that it opens, so that what lies under the pointer can be chosen first. */
  readonly onOpen?: () => void
}

/** One menu for a whole list is cheaper than one for each row: choose the entries in `onOpen`. */
export function ContextMenu({ entries, children, className, onOpen }: ContextMenuProps): ReactElement {
  return (
    <BaseContext.Root onOpenChange={(open) => open && onOpen?.()}>
      <BaseContext.Trigger className={className}>{children}</BaseContext.Trigger>
      <BaseContext.Portal>
        <BaseContext.Positioner className={css.positioner}>
          <BaseContext.Popup className={css.popup}>
            <Entries entries={entries} />
          </BaseContext.Popup>
        </BaseContext.Positioner>
      </BaseContext.Portal>
    </BaseContext.Root>
  )
}

function Entries({ entries }: { readonly entries: readonly MenuEntry[] }) {
  return entries.map((entry, index) =>
    entry.kind === 'separator' ? (
      <div key={`separator ${entry.label ?? entries.indexOf(entry)}`}>
        {index > 0 && <Base.Separator className={css.separator} />}
        {entry.label !== undefined && <div className={css.groupLabel}>{entry.label}</div>}
      </div>
    ) : (
      <Base.Item
        key={entry.label}
        className={clsx(css.item, entry.danger && css.danger)}
        disabled={entry.disabled ?? false}
        onClick={entry.onSelect}
      >
        <span className={css.mark}>{entry.checked ? <Check size={14} aria-hidden="true" /> : entry.icon}</span>
        <span className={css.grow}>{entry.label}</span>
        {entry.shortcut !== undefined && <KeyCaps keys={entry.shortcut} />}
      </Base.Item>
    ),
  )
}
