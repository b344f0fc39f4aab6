import { Autocomplete } from '@base-ui/react/autocomplete'
import { Dialog } from '@base-ui/react/dialog'
import { clsx } from 'clsx'
import type { ReactElement, ReactNode } from 'react'
import css from './command-dialog.module.css'
import dialog from './dialog.module.css'
import { useFocusBack } from './focus-back.ts'
import popup from './popup.module.css'

interface CommandDialogProps<Item> {
  readonly open: boolean
  readonly onClose: () => void
  readonly title: string
  readonly placeholder: string
  readonly empty: string
  readonly icon: ReactNode
  readonly text: string
  readonly onText: (text: string) => void
  /** Already chosen and ordered for the text. */
  readonly items: readonly Item[]
  readonly itemKey: (item: Item) => string
  readonly renderItem: (item: Item) => ReactNode
  readonly onChoose: (item: Item) => void
  /** False: whoever closes it gives the focus to something else than what had it before. */
  readonly focusBack: boolean
}

/** A field at the top of the window with a list below it: arrows move, Enter chooses, Escape closes. */
export function CommandDialog<Item>(props: CommandDialogProps<Item>): ReactElement {
  const { open, onClose, title, placeholder, empty, icon, text, onText, items, itemKey, renderItem, onChoose, focusBack } = props
  const back = useFocusBack(open)
  return (
    <Dialog.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className={dialog.backdrop} />
        <Dialog.Popup className={clsx(dialog.popup, dialog.top)} aria-label={title} finalFocus={focusBack && back}>
          <Autocomplete.Root
            inline
            open
            mode="none"
            autoHighlight="always"
            items={[...items]}
            value={text}
            onValueChange={(next, details) => details.reason !== 'item-press' && onText(next)}
            itemToStringValue={itemKey}
          >
            <div className={css.input}>
              {icon}
              <Autocomplete.Input placeholder={placeholder} aria-label={title} spellCheck={false} />
            </div>
            <Autocomplete.Empty className={popup.empty}>{empty}</Autocomplete.Empty>
            <Autocomplete.List className={css.list}>
              {(item: Item) => (
                <Autocomplete.Item key={itemKey(item)} value={item} className={popup.item} onClick={() => onChoose(item)}>
                  {renderItem(item)}
                </Autocomplete.Item>
              )}
            </Autocomplete.List>
          </Autocomplete.Root>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  )
}
