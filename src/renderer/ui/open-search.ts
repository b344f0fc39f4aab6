import { openSearchPanel } from '@codemirror/search'
import { EditorView } from '@codemirror/view'

/** Opens the search of the editor within an element; false where there is none. */
export function openSearchIn(element: HTMLElement | null): boolean {
  const editor = element?.querySelector<HTMLElement>('.cm-editor')
  const view = editor == null ? null : EditorView.findFromDOM(editor)
  return view !== null && openSearchPanel(view)
}
