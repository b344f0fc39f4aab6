import { MergeView } from '@codemirror/merge'
import type { ReactElement } from 'react'
import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import css from './code-editor.module.css'
import type { CodeLanguage } from './code-theme.ts'
import { codeExtensions } from './code-theme.ts'

interface MergeEditorProps {
  /** Left, to be read and taken from. */
  readonly theirs: string
  readonly theirsLabel: string
  /** Right. */
  readonly mine: string
  readonly mineLabel: string
  /** Without it the two sides are only compared. */
  readonly onChange?: ((mine: string) => void) | undefined
  readonly language?: CodeLanguage
}

/** Two texts side by side with their differences; a button in the gap takes theirs over. `mine` is read when it is opened. */
export function MergeEditor(props: MergeEditorProps): ReactElement {
  const { theirs, theirsLabel, mine, mineLabel, onChange, language = 'text' } = props
  const { t } = useTranslation('ui')
  const host = useRef<HTMLDivElement>(null)
  const start = useRef(mine)
  const change = useRef(onChange)
  const editable = onChange !== undefined
  const takeLabel = t('takeTheirs')
  useEffect(() => {
    change.current = onChange
  })
  useEffect(() => {
    if (host.current === null) return
    const options = { language, wrap: true }
    const report = (text: string): void => {
      start.current = text
      change.current?.(text)
    }
    const view = new MergeView({
      a: { doc: theirs, extensions: codeExtensions({ ...options, label: theirsLabel, readOnly: true }) },
      b: {
        doc: start.current,
        extensions: codeExtensions({
          ...options,
          label: mineLabel,
          readOnly: !editable,
          onChange: editable ? report : undefined,
        }),
      },
      parent: host.current,
      ...(editable && { revertControls: 'a-to-b' as const, renderRevertControl: () => takeButton(takeLabel) }),
    })
    return () => view.destroy()
  }, [theirs, theirsLabel, mineLabel, editable, language, takeLabel])
  return (
    <>
      <div className={css.heads} data-arrows={editable || undefined}>
        <span>{theirsLabel}</span>
        <span>{mineLabel}</span>
      </div>
      <div ref={host} className={css.merge} />
    </>
  )
}

function takeButton(label: string): HTMLElement {
  const button = document.createElement('button')
  button.type = 'button'
  button.className = css.take ?? ''
  button.title = label
  button.setAttribute('aria-label', label)
  button.textContent = '→'
  return button
}
