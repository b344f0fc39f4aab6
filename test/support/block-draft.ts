import type { BlockDraft, BlockView } from '../../src/node/engine/block/block-service.ts'

/** The view as a caller sends it back, with its changes. */
export function draftOf(view: BlockView, changes: { readonly data?: Uint8Array; readonly plain?: Uint8Array } = {}): BlockDraft {
  const { kind, address, salt, owner, ownerKey, name, version, generation, header, data } = view
  const fields = { kind, address, salt, owner, ownerKey, name, version, generation, header }
  // Of data and readable data a message carries one.
  return changes.plain === undefined ? { ...fields, data, ...changes } : { ...fields, ...changes }
}
