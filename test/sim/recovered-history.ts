/**
 * Whether the history of a key is linearizable where a forced recovery lies in it: the survivor may not have heard of the newest changes, so
 * that a tail of what was acknowledged before the recovery may be gone, and nothing else. Of changes and reads the versions say where that
 * tail begins; a reader who was told that there is no key is not held to it.
 */
import type { Operation } from './check-linearizable.ts'
import { isLinearizable } from './check-linearizable.ts'
import type { KeyAnswer, KeyCall } from './key-model.ts'
import { keyModel } from './key-model.ts'

type KeyOperation = Operation<KeyCall, KeyAnswer>

/** `recoveredAt`: the moment of the history as of which the survivor goes on alone. */
export function isLinearizableButForATail(history: readonly KeyOperation[], recoveredAt: number): boolean {
  const before = history.filter(({ answeredAt }) => answeredAt < recoveredAt)
  const rest = history.filter(({ answeredAt }) => answeredAt >= recoveredAt)
  const versions = new Set(before.map(({ answer }) => versionOf(answer)).filter((version) => version !== undefined))
  const ends = [...versions, 0n].sort((left, right) => (left > right ? -1 : 1))
  for (const last of ends) {
    for (const isRemovalKept of [true, false]) {
      const kept = before.filter((operation) => isKept(operation, last, isRemovalKept))
      if (isLinearizable(keyModel, [...kept, ...rest])) return true
    }
  }
  return false
}

function isKept({ call, answer }: KeyOperation, last: bigint, isRemovalKept: boolean): boolean {
  const version = versionOf(answer)
  if (version === undefined || version > last) return false
  return version < last || isRemovalKept || call.kind !== 'delete' || answer?.kind !== 'done'
}

function versionOf(answer: KeyAnswer | undefined): bigint | undefined {
  return answer === undefined || answer.kind === 'absent' ? undefined : answer.version
}
