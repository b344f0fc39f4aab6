import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands'
import { json } from '@codemirror/lang-json'
import { HighlightStyle, syntaxHighlighting } from '@codemirror/language'
import { search, searchKeymap } from '@codemirror/search'
import type { Extension } from '@codemirror/state'
import { EditorState } from '@codemirror/state'
import { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers } from '@codemirror/view'
import { tags } from '@lezer/highlight'
import { pageNonce } from './page-nonce.ts'

export type CodeLanguage = 'json' | 'text'

const leaveMs = 2_000

const colours = HighlightStyle.define([
  { tag: tags.propertyName, color: 'var(--accent)' },
  { tag: tags.string, color: 'var(--ok)' },
  { tag: [tags.number, tags.bool, tags.null], color: 'var(--warn)' },
  { tag: tags.invalid, color: 'var(--danger)' },
])

const look = EditorView.theme({
  '&': { height: '100%', backgroundColor: 'var(--surface)', color: 'var(--text)', font: 'var(--text-mono)' },
  '&.cm-focused': { outline: 'none' },
  // Over the gutter, which would hide an outline of the editor itself.
  '&.cm-focused::after': {
    content: '""',
    position: 'absolute',
    inset: '0',
    zIndex: '400',
    outline: '2px solid var(--accent)',
    outlineOffset: '-2px',
    pointerEvents: 'none',
  },
  '.cm-scroller': { font: 'inherit', overflow: 'auto' },
  '.cm-content': { padding: '10px 0', caretColor: 'var(--text)' },
  '.cm-line': { padding: '0 12px 0 8px' },
  '.cm-gutters': { backgroundColor: 'var(--surface)', color: 'var(--faint)', border: '0' },
  '.cm-lineNumbers .cm-gutterElement': { minWidth: '32px', padding: '0 6px 0 8px' },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'transparent' },
  '&.cm-focused .cm-activeLine': { backgroundColor: 'color-mix(in srgb, var(--raised) 60%, transparent)' },
  '.cm-changedFromBase, &.cm-focused .cm-changedFromBase.cm-activeLine, .cm-gutterElement.cm-changedNumber': {
    backgroundColor: 'var(--warn-soft)',
  },
  '.cm-gutterElement.cm-changedNumber': { boxShadow: 'inset 2px 0 var(--warn)' },
  // Backgrounds and shadows, which else tell of changes, are taken away there.
  '@media (forced-colors: active)': {
    '.cm-gutterElement.cm-changedNumber': { borderRight: '2px solid Highlight' },
    '.cm-changedLine': { boxSizing: 'border-box', borderLeft: '3px solid Highlight', paddingLeft: '5px' },
    '.cm-changedText': { textDecoration: 'underline 2px Highlight' },
  },
  '.cm-cursor': { borderLeftColor: 'var(--text)' },
  '.cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground': {
    backgroundColor: 'var(--accent-soft)',
  },
  '.cm-searchMatch': { backgroundColor: 'var(--warn-soft)', outline: '1px solid var(--warn)' },
  '.cm-panels': { backgroundColor: 'var(--raised)', color: 'var(--text)' },
  '.cm-panel.cm-search': { padding: '6px 12px', fontFamily: 'var(--font-ui)' },
  '.cm-panel.cm-search input, .cm-panel.cm-search button': {
    border: '1px solid var(--border-control)',
    borderRadius: '4px',
    backgroundColor: 'var(--surface)',
    backgroundImage: 'none',
    color: 'var(--text)',
  },
  '.cm-changedLine': { backgroundColor: 'var(--warn-soft) !important' },
  '.cm-changedText': { background: 'none !important', boxShadow: 'inset 0 -2px var(--warn)' },
  '.cm-deletedLine, .cm-insertedLine': { backgroundColor: 'transparent' },
})

/** Tab leaves the editor for a moment after Escape; by itself an Escape that ends a selection or the search would not count. */
const leavable = EditorView.domEventObservers({
  keydown: ({ key }, view) => {
    if (key === 'Escape') view.setTabFocusMode(leaveMs)
  },
})

export interface CodeOptions {
  readonly label: string
  readonly language: CodeLanguage
  readonly readOnly: boolean
  readonly wrap: boolean
  readonly onChange?: ((text: string) => void) | undefined
}

/** What every editor of the screens has; the nonce lets its own style sheet pass the content security policy. */
export function codeExtensions({ label, language, readOnly, wrap, onChange }: CodeOptions): Extension[] {
  return [
    EditorView.cspNonce.of(pageNonce()),
    look,
    syntaxHighlighting(colours),
    lineNumbers(),
    drawSelection(),
    search({ top: true }),
    keymap.of([...searchKeymap, ...(readOnly ? [] : historyKeymap), ...defaultKeymap, ...(readOnly ? [] : [indentWithTab])]),
    leavable,
    EditorView.contentAttributes.of({ 'aria-label': label, ...(readOnly && { tabindex: '0', 'aria-readonly': 'true' }) }),
    ...(language === 'json' ? [json()] : []),
    ...(wrap ? [EditorView.lineWrapping] : []),
    ...(readOnly ? [EditorState.readOnly.of(true), EditorView.editable.of(false)] : [history(), highlightActiveLine()]),
    ...(onChange === undefined
      ? []
      : [EditorView.updateListener.of((update) => update.docChanged && onChange(update.state.doc.toString()))]),
  ]
}
