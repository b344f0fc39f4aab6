import type { ReactElement, ReactNode } from 'react'
import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Button } from './button.tsx'
import css from './dialog.module.css'
import { Dialog } from './dialog.tsx'
import { TextField } from './text-field.tsx'

interface ConfirmDialogProps {
  readonly open: boolean
  readonly onClose: () => void
  readonly onConfirm: () => void
  readonly title: string
  /** What will be different afterwards, in one or two sentences. */
  readonly description: ReactNode
  /** The verb of the button, e.g. "Delete 12 keys". */
  readonly action: string
  /** Some of what is concerned. */
  readonly sample?: readonly string[]
  /** For what concerns very much at once: the text that has to be typed before the button works. */
  readonly typed?: string
  readonly busy?: boolean
}

/**
 * Asks before a change of the second or third level: several things, or one that cannot be undone; with `typed` whole prefixes.
 * A change of the first level, one thing that can be undone, takes no dialog but a toast with Undo.
 */
export function ConfirmDialog(props: ConfirmDialogProps): ReactElement {
  const { open, onClose, onConfirm, title, description, action, sample, typed, busy = false } = props
  const { t } = useTranslation('ui')
  const cancel = useRef<HTMLButtonElement>(null)
  const [text, setText] = useState('')
  const missing = typed !== undefined && text !== typed
  const close = () => {
    setText('')
    onClose()
  }
  return (
    <Dialog
      open={open}
      onClose={close}
      title={title}
      description={description}
      initialFocus={cancel}
      actions={
        <>
          <Button ref={cancel} onClick={close}>
            {t('cancel')}
          </Button>
          <Button
            kind="danger"
            busy={busy}
            disabledReason={missing ? t('typeToConfirm', { text: typed }) : undefined}
            onClick={() => {
              setText('')
              onConfirm()
            }}
          >
            {action}
          </Button>
        </>
      }
    >
      {sample !== undefined && sample.length > 0 && (
        <ul className={css.sample} aria-label={t('sample')}>
          {sample.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
      )}
      {typed !== undefined && <TextField label={t('typeToConfirm', { text: typed })} value={text} onChange={setText} mono />}
    </Dialog>
  )
}
