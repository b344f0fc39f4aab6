import { EditorState } from '@codemirror/state'
import { EditorView } from '@codemirror/view'
import type { ReactElement } from 'react'
import { useEffect, useRef } from 'react'
import { changedLines, showBase } from './changed-lines.ts'
import css from './code-editor.module.css'
import type { CodeLanguage } from './code-theme.ts'
import { codeExtensions } from './code-theme.ts'

interface CodeEditorProps {
  readonly label: string
  readonly value: string
  /** Lines that differ from this text are tinted. */
  readonly base?: string
  readonly language?: CodeLanguage
  /** Without it the text can be read, searched and copied only. */
  readonly onChange?: ((text: string) => void) | undefined
  readonly wrap?: boolean
  readonly autoFocus?: boolean
}

/** Mod+F searches in it. Escape, then Tab leaves it by keyboard. */
export function CodeEditor({
  label,
  value,
  base,
  language = 'text',
  onChange,
  wrap = false,
  autoFocus = false,
}: CodeEditorProps): ReactElement {
  const host = useRef<HTMLDivElement>(null)
  const view = useRef<EditorView>(undefined)
  const text = useRef(value)
  const change = useRef(onChange)
  const compared = useRef(base)
  const compares = base !== undefined
  const readOnly = onChange === undefined
  useEffect(() => {
    change.current = onChange
  })
  useEffect(() => {
    if (host.current === null) return
    const report = (next: string): void => {
      text.current = next
      change.current?.(next)
    }
    const extensions = codeExtensions({ label, language, readOnly, wrap, onChange: report })
    if (compares) extensions.push(changedLines(compared.current ?? ''))
    const editor = new EditorView({ state: EditorState.create({ doc: text.current, extensions }), parent: host.current })
    view.current = editor
    if (autoFocus) editor.focus()
    return () => editor.destroy()
  }, [label, language, readOnly, wrap, autoFocus, compares])
  useEffect(() => {
    const editor = view.current
    text.current = value
    if (editor === undefined || editor.state.doc.toString() === value) return
    editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: value } })
  }, [value])
  useEffect(() => {
    if (base === undefined || compared.current === base) return
    compared.current = base
    if (view.current !== undefined) showBase(view.current, base)
  }, [base])
  return <div ref={host} className={css.editor} />
}
