const hole = '\u0001'

/** Of a text with a value that is not known beforehand: what fits any value. */
export function pattern(text: (any: string) => string): RegExp {
  const parts = text(hole).split(hole)
  return new RegExp(parts.map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('.*'))
}
