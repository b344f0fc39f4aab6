/**
 * One key of the key-value store as its users may see it. Values are told apart by texts that no two writes share. A version grows
 * with each change and is learnt where it is first told: that of a write that was never answered is unknown until then.
 */
import type { ObjectModel } from './check-linearizable.ts'

export type Demand = { readonly kind: 'any' | 'absent' | 'present' } | { readonly kind: 'version'; readonly version: bigint }

export type KeyCall =
  | { readonly kind: 'read' }
  | { readonly kind: 'put'; readonly value: string; readonly demand: Demand }
  | { readonly kind: 'delete'; readonly demand: Demand }

export type KeyAnswer =
  /** `value` where the reader saw it, and not the version alone. */
  | { readonly kind: 'found'; readonly version: bigint; readonly value?: string }
  | { readonly kind: 'absent' }
  | { readonly kind: 'done'; readonly version: bigint }
  | { readonly kind: 'conflict'; readonly version: bigint | undefined }

export interface KeyState {
  readonly value: string | undefined
  /** Of the value; undefined where nobody was told it. */
  readonly version: bigint | undefined
  /** The highest version that was told. */
  readonly floor: bigint
}

export const keyModel: ObjectModel<KeyState, KeyCall, KeyAnswer> = {
  initial: { value: undefined, version: undefined, floor: 0n },
  keyOf: ({ value, version, floor }) => `${value ?? '-'} ${version ?? '-'} ${floor}`,
  step: (state, call, answer) => {
    if (call.kind === 'read') return answer === undefined ? [state] : seen(state, answer)
    if (answer === undefined) return [...changed(state, call, undefined), state]
    if (answer.kind === 'done') return changed(state, call, answer.version)
    return answer.kind === 'conflict' ? refused(state, call, answer) : []
  },
}

function seen(state: KeyState, answer: KeyAnswer): readonly KeyState[] {
  if (answer.kind === 'absent') return state.value === undefined ? [state] : []
  if (answer.kind !== 'found' || state.value === undefined) return []
  if (answer.value !== undefined && answer.value !== state.value) return []
  return withVersion(state, answer.version)
}

function withVersion(state: KeyState, version: bigint): readonly KeyState[] {
  if (state.version !== undefined) return state.version === version ? [state] : []
  return version > state.floor ? [{ ...state, version, floor: version }] : []
}

function changed(state: KeyState, call: Exclude<KeyCall, { kind: 'read' }>, version: bigint | undefined): readonly KeyState[] {
  return meeting(state, call).flatMap((met) => {
    if (call.kind === 'delete') return removed(met, version)
    if (version === undefined) return [{ value: call.value, version, floor: met.floor }]
    return version > met.floor ? [{ value: call.value, version, floor: version }] : []
  })
}

/** The answer to a removal tells the version that was removed; the next one is above it. */
function removed(state: KeyState, version: bigint | undefined): readonly KeyState[] {
  if (state.value === undefined) return []
  const told = version === undefined ? [state] : withVersion(state, version)
  return told.map(({ floor }) => ({ value: undefined, version: undefined, floor }))
}

/** The state as it is known once the demand is known to hold; none where it cannot hold. */
function meeting(state: KeyState, { kind, demand }: Exclude<KeyCall, { kind: 'read' }>): readonly KeyState[] {
  const there = state.value !== undefined
  if (kind === 'delete' && !there && demand.kind !== 'absent') return []
  switch (demand.kind) {
    case 'any':
      return [state]
    case 'absent':
      return there ? [] : [state]
    case 'present':
      return there ? [state] : []
    case 'version':
      return there ? withVersion(state, demand.version) : []
  }
}

function refused(
  state: KeyState,
  call: Exclude<KeyCall, { kind: 'read' }>,
  { version }: Extract<KeyAnswer, { kind: 'conflict' }>,
): readonly KeyState[] {
  const known =
    version === undefined
      ? state.value === undefined
        ? [state]
        : []
      : state.value === undefined
        ? []
        : withVersion(state, version)
  return known.filter((each) => meeting(each, call).length === 0)
}
