import { Dialog as Base } from '@base-ui/react/dialog'
import { clsx } from 'clsx'
import { X } from 'lucide-react'
import type { ReactElement, ReactNode, RefObject } from 'react'
import { useRef } from 'react'
import { useTranslation } from 'react-i18next'
import css from './dialog.module.css'
import { useFocusBack } from './focus-back.ts'
import { IconButton } from './icon-button.tsx'

interface DialogProps {
  readonly open: boolean
  /** The person closed it: by Escape, a click outside or the cross. */
  readonly onClose: () => void
  readonly title: string
  readonly description?: ReactNode
  readonly children?: ReactNode
  /** Buttons, the one that acts last. */
  readonly actions?: ReactNode
  readonly wide?: boolean
  /** Longer than a small window and without a control of its own: the keys of the keyboard scroll it. */
  readonly scrolls?: boolean
  /** The dialog itself where none is named: on the cross, Escape would only close the tooltip of that. */
  readonly initialFocus?: RefObject<HTMLElement | null>
}

export function Dialog(props: DialogProps): ReactElement {
  const { open, onClose, title, description, children, actions, wide = false, scrolls = false, initialFocus } = props
  const { t } = useTranslation('ui')
  const popup = useRef<HTMLDivElement>(null)
  const back = useFocusBack(open)
  return (
    <Base.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Base.Portal>
        <Base.Backdrop className={css.backdrop} />
        <Base.Popup
          ref={popup}
          className={clsx(css.popup, wide && css.wide)}
          initialFocus={initialFocus ?? popup}
          finalFocus={back}
        >
          <div className={css.head}>
            <Base.Title className={css.title}>{title}</Base.Title>
            <IconButton label={t('close')} icon={<X size={16} aria-hidden="true" />} onClick={onClose} />
          </div>
          <div className={css.body} tabIndex={scrolls ? 0 : undefined}>
            {description !== undefined && <Base.Description className={css.description}>{description}</Base.Description>}
            {children}
          </div>
          {actions !== undefined && <div className={css.foot}>{actions}</div>}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  )
}
