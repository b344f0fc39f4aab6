/** Fewer points in a row make a line too short to be seen. */
const lineFrom = 3

/** The places of values that stand alone or nearly so, between gaps: they need dots to be seen. */
export function lonePoints(values: readonly (number | null)[]): ReadonlySet<number> {
  const lone = new Set<number>()
  let start = 0
  for (let at = 0; at <= values.length; at += 1) {
    if (at < values.length && values[at] !== null) continue
    if (at - start < lineFrom) for (let index = start; index < at; index += 1) lone.add(index)
    start = at + 1
  }
  return lone
}
