/** Whether the histories of a world could have happened one operation after another. */
import type { BlockAnswer, BlockCall } from './block-model.ts'
import { blockModel } from './block-model.ts'
import type { ObjectModel } from './check-linearizable.ts'
import { isLinearizable, SearchGivenUp } from './check-linearizable.ts'
import type { History } from './history.ts'
import type { KeyAnswer, KeyCall } from './key-model.ts'
import { keyModel } from './key-model.ts'
import { isLinearizableButForATail } from './recovered-history.ts'
import { Violation } from './violation.ts'

export interface WorldHistories {
  readonly keys: History<KeyCall, KeyAnswer>
  readonly blocks: History<BlockCall, BlockAnswer>
  /** The moment in the history of keys as of which the survivor of a recovery went on alone, which may have lost a tail. */
  readonly recoveredAt: number | undefined
  /** A history may be too open for any search; those are counted. */
  readonly mayBeOpen: boolean
}

const openStatesMax = 100_000

/** How many histories were too open to be judged. Throws a violation where one is not linearizable. */
export function judgeHistories({ keys, blocks, recoveredAt, mayBeOpen }: WorldHistories): number {
  const statesMax = mayBeOpen ? openStatesMax : undefined
  const unjudged = recoveredAt === undefined ? judge(keyModel, keys, statesMax) : judgeRecovered(keys, recoveredAt)
  return unjudged + judge(blockModel, blocks, statesMax)
}

function judge<State, Call, Answer>(
  model: ObjectModel<State, Call, Answer>,
  history: History<Call, Answer>,
  statesMax: number | undefined,
): number {
  let unjudged = 0
  for (const object of history.objects) {
    try {
      if (isLinearizable(model, history.of(object), statesMax)) continue
    } catch (error) {
      if (statesMax === undefined || !(error instanceof SearchGivenUp)) throw error
      unjudged += 1
      continue
    }
    throw new Violation(`the history of ${object} is not linearizable`)
  }
  return unjudged
}

function judgeRecovered(keys: History<KeyCall, KeyAnswer>, recoveredAt: number): number {
  for (const key of keys.objects) {
    if (isLinearizableButForATail(keys.of(key), recoveredAt)) continue
    throw new Violation(`the history of ${key} is not linearizable, whatever the recovery may have lost`)
  }
  return 0
}
