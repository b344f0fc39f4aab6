/**
 * Whether a history of concurrent operations on one object could have happened one after another, each at some moment between its
 * call and its answer (Herlihy and Wing 1990). The search is that of Wing and Gong (1993) with the cache of Lowe (arXiv 1504.00204):
 * a set of operations that were placed and the state that they led to is looked at once.
 * An operation that was never answered may have happened at any moment after its call, or never; it is not dropped.
 */

export interface Operation<Call, Answer> {
  readonly call: Call
  /** Both count events of the world; an answer comes at Infinity where there was none. */
  readonly calledAt: number
  readonly answeredAt: number
  readonly answer: Answer | undefined
}

export interface ObjectModel<State, Call, Answer> {
  readonly initial: State
  /** The states that the operation may lead to; none where it cannot have had this answer in this state. */
  step(state: State, call: Call, answer: Answer | undefined): readonly State[]
  /** Equal for equal states only. */
  keyOf(state: State): string
}

/** States and sets that are looked at: a history with many open operations could be searched for ever. */
const searchedMax = 1_000_000

/** The history is too open to be judged: too many of its operations may have happened or not. */
export class SearchGivenUp extends Error {
  override readonly name = 'SearchGivenUp'
}

/** Throws SearchGivenUp where the search does not come to an end in time. */
export function isLinearizable<State, Call, Answer>(
  model: ObjectModel<State, Call, Answer>,
  history: readonly Operation<Call, Answer>[],
  statesMax = searchedMax,
): boolean {
  const operations = history.toSorted((left, right) => left.calledAt - right.calledAt)
  const answered = operations.reduce((sum, { answeredAt }) => sum + (answeredAt === Number.POSITIVE_INFINITY ? 0 : 1), 0)
  const seen = new Set<string>()
  const stack: { readonly placed: bigint; readonly left: number; readonly state: State }[] = [
    { placed: 0n, left: answered, state: model.initial },
  ]
  for (let place = stack.pop(); place !== undefined; place = stack.pop()) {
    const { placed, left, state } = place
    if (left === 0) return true
    const key = `${placed.toString(36)} ${model.keyOf(state)}`
    if (seen.has(key)) continue
    seen.add(key)
    if (seen.size > statesMax)
      throw new SearchGivenUp(`the search was given up after ${statesMax} states of ${operations.length} operations`)
    for (const [index, { call, answer, answeredAt }] of candidates(operations, placed)) {
      const rest = answeredAt === Number.POSITIVE_INFINITY ? left : left - 1
      for (const next of model.step(state, call, answer))
        stack.push({ placed: placed | (1n << BigInt(index)), left: rest, state: next })
    }
  }
  return false
}

/** What may come next: whatever was called before each operation that is not placed yet was answered. */
function candidates<Call, Answer>(
  operations: readonly Operation<Call, Answer>[],
  placed: bigint,
): (readonly [number, Operation<Call, Answer>])[] {
  const open: (readonly [number, Operation<Call, Answer>])[] = []
  let firstAnswer = Number.POSITIVE_INFINITY
  for (const [index, operation] of operations.entries()) {
    if (operation.calledAt > firstAnswer) break
    if ((placed >> BigInt(index)) & 1n) continue
    open.push([index, operation])
    firstAnswer = Math.min(firstAnswer, operation.answeredAt)
  }
  return open.filter(([, { calledAt }]) => calledAt < firstAnswer)
}
