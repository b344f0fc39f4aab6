import { en } from '../../../../src/renderer/text/en.ts'
import type { Catalogue } from '../../../../src/renderer/text/i18n.ts'

const marks: Readonly<Record<string, string>> = { a: 'å', e: 'é', i: 'ï', o: 'ö', u: 'û', A: 'Å', E: 'É', I: 'Ï', O: 'Ö', U: 'Û' }

/** Longer than the text, with other letters, between marks: what is not translated or is cut off can be seen. Values stay. */
export function pseudo(text: string): string {
  const changed = text
    .split(/(\{\{.*?\}\})/)
    .map((part) => (part.startsWith('{{') ? part : part.replace(/[aeiou]/gi, (letter) => marks[letter] ?? letter)))
    .join('')
  return `⟦${changed} ··⟧`
}

export const pseudoCatalogue: Catalogue = Object.fromEntries(
  Object.entries(en).map(([area, texts]) => [
    area,
    Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, pseudo(text)])),
  ]),
)

/** Data and code are no texts of ours; HTML has an attribute that says so of other elements. */
const exempt = 'code, pre, kbd, [translate="no"], .cm-editor, script, style'
const units = /\b(k|M|G|T)?B(\/s)?\b|\bms\b|\bgRPC\b/g

/** Texts with words that come from no catalogue, and labels that are only read out. */
export function untranslated(root: ParentNode): string[] {
  const texts: string[] = []
  const walker = document.createTreeWalker(root as Node, NodeFilter.SHOW_TEXT)
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    if (node.parentElement?.closest(exempt) == null) texts.push(node.textContent ?? '')
  }
  for (const element of root.querySelectorAll('[aria-label], [placeholder], [title], [alt]')) {
    if (element.closest(exempt) !== null) continue
    for (const name of ['aria-label', 'placeholder', 'title', 'alt']) texts.push(element.getAttribute(name) ?? '')
  }
  // What stands beside the marks, such as a figure between two texts, may hold no word either.
  return texts.filter((text) => /\p{L}{2,}/u.test(withoutMarked(text).replace(units, '')))
}

/** A text may hold another one as its value. */
function withoutMarked(text: string): string {
  const less = text.replace(/⟦[^⟦⟧]*⟧/g, '')
  return less === text ? text : withoutMarked(less)
}
