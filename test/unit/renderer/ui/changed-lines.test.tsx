import { EditorView } from '@codemirror/view'
import { act, render } from '@testing-library/react'
import { expect, test } from 'vitest'
import { CodeEditor } from '../../../../src/renderer/ui/code-editor.tsx'

const base = 'one\ntwo\nthree\nfour'

function tinted(): string[] {
  return [...document.querySelectorAll('.cm-changedFromBase')].map((line) => line.textContent ?? '')
}

function editor(): EditorView {
  const element = document.querySelector<HTMLElement>('.cm-editor')
  const view = element === null ? null : EditorView.findFromDOM(element)
  if (view === null) throw new Error('there is no editor')
  return view
}

function write(text: string): void {
  act(() => editor().dispatch({ changes: { from: 0, to: editor().state.doc.length, insert: text } }))
}

test('lines that are not as in the base are tinted, from the first look on and as one types', () => {
  render(<CodeEditor label="Value" value={'one\n2\nthree\nfour'} base={base} onChange={() => undefined} />)
  expect(tinted()).toEqual(['2'])
  write('one\ntwo\nthree\nnew\nlast\nfour')
  expect(tinted()).toEqual(['new', 'last'])
  write(base)
  expect(tinted()).toEqual([])
  write('one\nfour')
  expect(tinted()).toEqual([])
})

test('what was saved is the base of what follows', () => {
  const text = 'one\n2\nthree\nfour'
  const { rerender } = render(<CodeEditor label="Value" value={text} base={base} onChange={() => undefined} />)
  rerender(<CodeEditor label="Value" value={text} base={text} onChange={() => undefined} />)
  expect(tinted()).toEqual([])
  write('one\n2\n3\nfour')
  expect(tinted()).toEqual(['3'])
})

test('a text that is only read has no base and no tint', () => {
  render(<CodeEditor label="Value" value={base} />)
  expect(tinted()).toEqual([])
})
