import { diff } from '@codemirror/merge'

/** Lines `from` up to `to` of one text, and those that another has in their place. */
export interface LineChange {
  readonly from: number
  readonly to: number
  readonly lines: readonly string[]
}

/** Where texts differ in more places than these, what lies between them counts as one change. */
const comparison = { scanLimit: 5_000 }
/** Each line is compared as one character; halves of characters are left out. */
const charsBefore = 0xd800
const charsAfter = 0x2000
const distinctMax = charsBefore + charsAfter

/** What makes the lines of another text of those of the base; undefined where there are too many different ones to compare. */
export function lineChanges(base: readonly string[], other: readonly string[]): readonly LineChange[] | undefined {
  const chars = new Map<string, string>()
  const encode = (lines: readonly string[]): string => {
    const text: string[] = []
    for (const line of lines) {
      const known = chars.get(line)
      const char = known ?? String.fromCharCode(chars.size < charsBefore ? chars.size : chars.size + 0x800)
      if (known === undefined) chars.set(line, char)
      text.push(char)
    }
    return text.join('')
  }
  const [before, after] = [encode(base), encode(other)]
  if (chars.size > distinctMax) return undefined
  return diff(before, after, comparison).map(({ fromA, toA, fromB, toB }) => ({
    from: fromA,
    to: toA,
    lines: other.slice(fromB, toB),
  }))
}
