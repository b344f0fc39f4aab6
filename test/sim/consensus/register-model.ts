/** One register with compare-and-set, as its users may see it. No two writes write the same number, and 0 is what nobody wrote. */
import type { ObjectModel, Operation } from '../check-linearizable.ts'

export type RegisterCall =
  | { readonly kind: 'read' }
  | { readonly kind: 'write'; readonly value: number }
  | { readonly kind: 'swap'; readonly expected: number; readonly value: number }

export type RegisterAnswer =
  | { readonly kind: 'value'; readonly value: number }
  | { readonly kind: 'done' }
  /** A swap that met another value. */
  | { readonly kind: 'conflict'; readonly value: number }

export const registerModel: ObjectModel<number, RegisterCall, RegisterAnswer> = {
  initial: 0,
  keyOf: String,
  step: (state, call, answer) => {
    if (call.kind === 'read') return answer === undefined || (answer.kind === 'value' && answer.value === state) ? [state] : []
    const fits = call.kind === 'write' || call.expected === state
    if (answer === undefined) return fits ? [call.value, state] : [state]
    if (answer.kind === 'done') return fits ? [call.value] : []
    return answer.kind === 'conflict' && !fits && answer.value === state ? [state] : []
  },
}

/**
 * The history without changes that were never answered and whose value nobody met: that they never happened explains as much as that they
 * did, and each of them doubles the search.
 */
export function withoutUnseen(
  history: readonly Operation<RegisterCall, RegisterAnswer>[],
): readonly Operation<RegisterCall, RegisterAnswer>[] {
  const met = new Set<number>()
  for (const { call, answer } of history) {
    if (call.kind === 'swap') met.add(call.expected)
    if (answer !== undefined && answer.kind !== 'done') met.add(answer.value)
  }
  const rest = history.filter(({ call, answer }) => answer !== undefined || (call.kind !== 'read' && met.has(call.value)))
  return rest.length === history.length ? history : withoutUnseen(rest)
}
