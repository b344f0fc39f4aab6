import type { BlockAddress } from '../../core/base/address.ts'
import { addressText } from '../../core/base/address.ts'
import { equalBytes } from '../../core/base/bytes.ts'
import type { Member } from '../../core/consensus/group.ts'
import { compareMembers, isMember, membersOf } from '../../core/consensus/group.ts'
import { decodeBlockRecord } from '../../core/consensus/record-codec.ts'
import { decodeVote } from '../../core/consensus/vote-codec.ts'
import { isAdministrator } from '../../core/overlay/recovery-record.ts'
import type { RecordStore } from '../../ports/record-store.ts'
import type { LoadedRoot } from './load-network.ts'
import { readRootCopy } from './root-copy.ts'
import type { BlockSurvey } from './survey-blocks.ts'
import { surveyBlocks } from './survey-blocks.ts'

/** What keeps a data directory from going on alone. Closed, since programs read it. */
export type RecoveryObstacle =
  /** The map names this node alone: it has its majority. */
  | 'alone'
  /** The network was recovered without it. */
  | 'left-behind'
  /** It left the network, or was evicted. */
  | 'removed'
  /** Whoever would sign may not administer the network. */
  | 'no-administrator'
  /** It holds no whole copy of the page of a key-value store. */
  | 'page-missing'

/** What a forced recovery on this data directory would do, before it is done. */
export interface RecoveryPlan {
  /** The recovery number that it would give. */
  readonly number: number
  readonly survivor: Member
  readonly epoch: number
  /** Data directories of the open maps that are taken out. */
  readonly takenOut: readonly Member[]
  /** How far it knows the log of the network's root, and as what. */
  readonly root: { readonly index: number; readonly role: 'member' | 'former' | 'copy' }
  readonly blocks: BlockSurvey
  readonly contentCopies: number
  readonly obstacles: readonly RecoveryObstacle[]
}

/** `administrator`: the public key of who would sign. Changes nothing. */
export async function planRecovery(
  store: RecordStore,
  loaded: LoadedRoot,
  administrator: Uint8Array,
  signal?: AbortSignal,
): Promise<RecoveryPlan> {
  const { placement, descriptor, self, leftBehind, removal, stores } = loaded.state
  const obstacles: RecoveryObstacle[] = []
  if (leftBehind !== undefined) obstacles.push('left-behind')
  if (removal !== undefined) obstacles.push('removed')
  else if (placement.places.length === 1) obstacles.push('alone')
  if (!isAdministrator(descriptor, administrator)) obstacles.push('no-administrator')
  const pages = await Promise.all([...stores.values()].map((page) => isWholePage(store, page)))
  if (pages.includes(false)) obstacles.push('page-missing')
  return {
    number: nextRecovery(loaded),
    survivor: { nodeId: self.nodeId, storeId: self.storeId },
    epoch: placement.epoch + 1,
    takenOut: takenOutBy(loaded),
    root: await rootStanding(store, loaded),
    blocks: await surveyBlocks(store, self, signal),
    contentCopies: store.usage().families.content.records,
    obstacles,
  }
}

export function nextRecovery({ state }: LoadedRoot): number {
  return Math.max(state.self.recovery, state.leftBehind?.number ?? 0) + 1
}

/** Every data directory of the open maps but this one. */
export function takenOutBy({ state: { maps, self } }: LoadedRoot): readonly Member[] {
  const places = maps.map(({ places: each }) => each.map(({ nodeId, storeId }) => ({ nodeId, storeId })))
  return membersOf(places)
    .filter((member) => compareMembers(member, self) !== 0)
    .toSorted(compareMembers)
}

async function rootStanding(store: RecordStore, { state, held }: LoadedRoot): Promise<RecoveryPlan['root']> {
  if (held !== undefined) {
    const role = isMember(held.record.group, state.self) ? 'member' : 'former'
    return { index: Number(held.record.committedIndex), role }
  }
  return { index: (await readRootCopy(store, state.networkId))?.index ?? 0, role: 'copy' }
}

async function isWholePage(store: RecordStore, page: BlockAddress): Promise<boolean> {
  const bytes = await store.get('block', page)
  const record = bytes && decodeBlockRecord(page, bytes)
  if (record?.state.kind !== 'map' || !equalBytes(record.address, page)) return false
  const vote = await store.get('vote', page)
  return vote === undefined || decodeVote(vote)?.installing === false
}

/** For a person, of what keeps this data directory from going on. */
export function obstacleText(obstacle: RecoveryObstacle, { state }: LoadedRoot): string {
  switch (obstacle) {
    case 'alone':
      return 'the network consists of this node alone, which has its majority: there is nothing to recover'
    case 'left-behind':
      return 'the network was recovered by force without this data directory: its nodes would not take it back. It stays as it is; join anew with an empty one'
    case 'removed':
      return 'this node is not of the network any more: it left, or was evicted, and the others went on. Its directory stays as it is; join anew with an empty one'
    case 'no-administrator':
      return 'only the owner or an administrator of the network may recover it, and this node works for neither: give the keys of the node that founded the network with --administrator-keys DIR (the folder keys of its data directory, or of a backup)'
    case 'page-missing': {
      const pages = [...state.stores.values()].map((page) => addressText(page)).join(', ')
      return `this node holds no whole copy of the page of a key-value store (${pages}): recover another survivor, which does`
    }
  }
}
