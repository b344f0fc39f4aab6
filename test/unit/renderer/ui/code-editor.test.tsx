import { EditorView } from '@codemirror/view'
import { act, fireEvent, render, screen } from '@testing-library/react'
import { expect, test } from 'vitest'
import { CodeEditor } from '../../../../src/renderer/ui/code-editor.tsx'

test('Escape, then Tab leaves an editor, also where something in it is selected', () => {
  render(<CodeEditor label="Value" value="two words" onChange={() => undefined} />)
  const content = screen.getByRole('textbox', { name: 'Value' })
  const view = EditorView.findFromDOM(content) as EditorView
  act(() => view.dispatch({ selection: { anchor: 0, head: 3 } }))
  fireEvent.keyDown(content, { key: 'Escape', keyCode: 27 })
  expect(view.state.selection.main.empty).toBe(true)
  // False: the editor took the key.
  expect(fireEvent.keyDown(content, { key: 'Tab', keyCode: 9 })).toBe(true)
  expect(view.state.doc.toString()).toBe('two words')
})
