import { EditorView } from '@codemirror/view'

/** Gives the focus to the editor within an element. */
export function focusEditorIn(element: HTMLElement | null): void {
  const editor = element?.querySelector<HTMLElement>('.cm-editor')
  if (editor != null) EditorView.findFromDOM(editor)?.focus()
}
