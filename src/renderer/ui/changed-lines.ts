import { Chunk } from '@codemirror/merge'
import type { Extension, Range } from '@codemirror/state'
import { RangeSet, StateEffect, StateField, Text } from '@codemirror/state'
import type { DecorationSet } from '@codemirror/view'
import { Decoration, EditorView, GutterMarker, gutterLineClass } from '@codemirror/view'

/** Beyond them the whole is another text, and to tint it says nothing. */
const tintedLinesMax = 5_000
/** The comparison is made with every letter that is typed. */
const comparison = { scanLimit: 500, timeout: 50 }

interface Changed {
  readonly base: Text
  readonly chunks: readonly Chunk[]
  readonly lines: DecorationSet
  readonly numbers: RangeSet<GutterMarker>
}

const setBase = StateEffect.define<string>()

const changedNumber = new (class extends GutterMarker {
  override readonly elementClass = 'cm-changedNumber'
})()
const changedLine = Decoration.line({ class: 'cm-changedFromBase' })

function textOf(base: string): Text {
  return Text.of(base.split('\n'))
}

/** Lines that stand in a part which is not as it was; where lines went, there is none to tint. */
function tinted(base: Text, doc: Text, chunks: readonly Chunk[]): Changed {
  const lines: Range<Decoration>[] = []
  const numbers: Range<GutterMarker>[] = []
  for (const chunk of chunks) {
    if (chunk.fromB === chunk.toB) continue
    let line = doc.lineAt(chunk.fromB)
    while (lines.length < tintedLinesMax) {
      lines.push(changedLine.range(line.from))
      numbers.push(changedNumber.range(line.from))
      if (line.number === doc.lines || line.to + 1 > chunk.endB) break
      line = doc.line(line.number + 1)
    }
  }
  return { base, chunks, lines: Decoration.set(lines), numbers: RangeSet.of(numbers) }
}

const changed = StateField.define<Changed>({
  create: ({ doc }) => tinted(doc, doc, []),
  update: (value, { docChanged, changes, newDoc, effects }) => {
    const next = effects.find((effect) => effect.is(setBase))
    if (next !== undefined) {
      const base = textOf(next.value)
      return tinted(base, newDoc, Chunk.build(base, newDoc, comparison))
    }
    if (!docChanged) return value
    return tinted(value.base, newDoc, Chunk.updateB(value.chunks, value.base, newDoc, changes, comparison))
  },
  provide: (field) => [
    EditorView.decorations.from(field, ({ lines }) => lines),
    gutterLineClass.from(field, ({ numbers }) => numbers),
  ],
})

/** Tints the lines that are not as in a text that `showBase` gave it. */
export function changedLines(base: string): Extension {
  return changed.init(({ doc }) => {
    const text = textOf(base)
    return tinted(text, doc, Chunk.build(text, doc, comparison))
  })
}

/** Another text to compare with, such as the one that was saved. */
export function showBase(view: EditorView, base: string): void {
  view.dispatch({ effects: setBase.of(base) })
}
