import { diff, MergeView } from '@codemirror/merge'
import { Compartment } from '@codemirror/state'
import { EditorView } from '@codemirror/view'
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

/** Where the texts differ in more places, what lies between them is replaced as one. */
const comparison = { scanLimit: 500, timeout: 50 }

/**
 * Two texts side by side with their differences; a button in the gap takes theirs over. Both sides follow what they are given, and the
 * cursor stays where it is in what did not change.
 */
export function MergeEditor(props: MergeEditorProps): ReactElement {
  const { theirs, theirsLabel, mine, mineLabel, onChange, language = 'text' } = props
  const { t } = useTranslation('ui')
  const host = useRef<HTMLDivElement>(null)
  const opened = useRef<Opened>(undefined)
  const shown = useRef({ theirs, theirsLabel, mine, mineLabel })
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
      // What was given from outside is known there.
      if (text === shown.current.mine) return
      shown.current = { ...shown.current, mine: text }
      change.current?.(text)
    }
    const now = shown.current
    const labels = [new Compartment(), new Compartment()] as const
    const view = new MergeView({
      a: {
        doc: now.theirs,
        extensions: [
          labels[0].of(named(now.theirsLabel)),
          codeExtensions({ ...options, label: now.theirsLabel, readOnly: true }),
        ],
      },
      b: {
        doc: now.mine,
        extensions: [
          labels[1].of(named(now.mineLabel)),
          codeExtensions({ ...options, label: now.mineLabel, readOnly: !editable, onChange: editable ? report : undefined }),
        ],
      },
      parent: host.current,
      ...(editable && { revertControls: 'a-to-b' as const, renderRevertControl: () => takeButton(takeLabel) }),
    })
    opened.current = { view, labels }
    return () => view.destroy()
  }, [editable, language, takeLabel])
  useEffect(() => {
    shown.current = { theirs, theirsLabel, mine, mineLabel }
    if (opened.current === undefined) return
    const { view, labels } = opened.current
    replace(view.a, theirs, labels[0].reconfigure(named(theirsLabel)))
    replace(view.b, mine, labels[1].reconfigure(named(mineLabel)))
  }, [theirs, theirsLabel, mine, mineLabel])
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

interface Opened {
  readonly view: MergeView
  readonly labels: readonly [Compartment, Compartment]
}

function named(label: string) {
  return EditorView.contentAttributes.of({ 'aria-label': label })
}

/** Only what differs is replaced, around which cursor and scroll position stay. */
function replace(view: EditorView, text: string, effects: ReturnType<Compartment['reconfigure']>): void {
  const before = view.state.doc.toString()
  const changes =
    before === text
      ? []
      : diff(before, text, comparison).map(({ fromA, toA, fromB, toB }) => ({
          from: fromA,
          to: toA,
          insert: text.slice(fromB, toB),
        }))
  view.dispatch({ changes, effects })
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
