/**
 * One named block as its users may see it: born once, changed version by version, removed, and born again with a younger generation. A
 * generation is learnt where it is first told.
 */
import type { ObjectModel } from './check-linearizable.ts'

export interface BlockStamp {
  readonly generation: bigint
  readonly version: bigint
}

export type BlockCall =
  | { readonly kind: 'fetch' }
  | { readonly kind: 'insert'; readonly value: string }
  | { readonly kind: 'update'; readonly value: string; readonly replaces: BlockStamp }
  | { readonly kind: 'remove' }

export type BlockAnswer =
  | { readonly kind: 'found'; readonly stamp: BlockStamp; readonly value: string }
  | { readonly kind: 'absent' }
  /** Without a stamp where an earlier try was carried out: the answer then shows the block as it is, and not as the call made it. */
  | { readonly kind: 'done'; readonly stamp: BlockStamp | undefined }
  | { readonly kind: 'removed' }
  /** Of an insert: there is one already. */
  | { readonly kind: 'exists' }
  | { readonly kind: 'conflict'; readonly stamp: BlockStamp; readonly value: string }

interface Present {
  readonly value: string
  readonly version: bigint
  /** Undefined where nobody was told it. */
  readonly generation: bigint | undefined
}

export interface BlockState {
  readonly block: Present | undefined
  /** The highest generation that was told. */
  readonly floor: bigint
}

export const blockModel: ObjectModel<BlockState, BlockCall, BlockAnswer> = {
  initial: { block: undefined, floor: 0n },
  keyOf: ({ block, floor }) => `${block?.value ?? '-'} ${block?.version ?? '-'} ${block?.generation ?? '-'} ${floor}`,
  step: (state, call, answer) => {
    if (answer === undefined) return call.kind === 'fetch' ? [state] : [...carriedOut(state, call), state]
    switch (answer.kind) {
      case 'absent':
        return state.block === undefined && call.kind !== 'insert' ? [state] : []
      case 'exists':
        return state.block !== undefined ? [state] : []
      case 'found':
        return seen(state, answer.stamp, answer.value)
      case 'conflict':
        return call.kind === 'update' ? seen(state, answer.stamp, answer.value).filter((each) => !fits(each, call.replaces)) : []
      case 'done':
        return carriedOut(state, call).flatMap((next) => (answer.stamp === undefined ? [next] : stamped(next, answer.stamp)))
      case 'removed':
        return call.kind === 'remove' ? carriedOut(state, call) : []
    }
  },
}

function carriedOut(state: BlockState, call: Exclude<BlockCall, { kind: 'fetch' }> | BlockCall): readonly BlockState[] {
  const { block, floor } = state
  switch (call.kind) {
    case 'fetch':
      return []
    case 'insert':
      return block === undefined ? [{ block: { value: call.value, version: 0n, generation: undefined }, floor }] : []
    case 'remove':
      return block === undefined ? [] : [{ block: undefined, floor }]
    case 'update':
      return stamped(state, call.replaces).flatMap((met) =>
        met.block === undefined ? [] : [{ ...met, block: { ...met.block, value: call.value, version: met.block.version + 1n } }],
      )
  }
}

function seen(state: BlockState, stamp: BlockStamp, value: string): readonly BlockState[] {
  return state.block?.value === value ? stamped(state, stamp) : []
}

/** The state as it is known once its block is known to have this stamp; none where it cannot have it. */
function stamped({ block, floor }: BlockState, { generation, version }: BlockStamp): readonly BlockState[] {
  if (block?.version !== version) return []
  if (block.generation !== undefined) return block.generation === generation ? [{ block, floor }] : []
  return generation > floor ? [{ block: { ...block, generation }, floor: generation }] : []
}

function fits(state: BlockState, stamp: BlockStamp): boolean {
  return stamped(state, stamp).length > 0
}
