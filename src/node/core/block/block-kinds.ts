/**
 * The kinds of blocks and their short names on the wire of the compatible value store. Only `content` is immutable. Nodes of this
 * version make content, owner, named and map blocks; the other names are known so that they are never taken for something else.
 */

export const blockKinds = ['content', 'owner', 'access', 'named', 'user', 'group', 'map'] as const
export type BlockKind = (typeof blockKinds)[number]

/** Kinds whose writer signs each whole version. */
export const signedKinds = ['owner', 'named'] as const
export type SignedKind = (typeof signedKinds)[number]

const wireNames: Readonly<Record<BlockKind, string>> = {
  content: 'CHB',
  owner: 'OKB',
  access: 'ACB',
  named: 'NB',
  user: 'UB',
  group: 'GB',
  map: 'MB',
}

export function wireNameOf(kind: BlockKind): string {
  return wireNames[kind]
}

export function kindOfWireName(name: string): BlockKind | undefined {
  return blockKinds.find((kind) => wireNames[kind] === name)
}
