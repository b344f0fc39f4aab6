import type { BlockAddress } from '../../core/base/address.ts'
import type { Group, Member } from '../../core/consensus/group.ts'
import type { ReplicaMessage, Slot } from '../../core/consensus/replica-events.ts'

/** What a catch-up brought. */
export type CaughtUp =
  | { readonly kind: 'chosen'; readonly slots: readonly Slot[] }
  /** The state was replaced, durably. */
  | { readonly kind: 'installed'; readonly index: number; readonly group: Group }

/** How the members of a group reach each other. */
export interface ReplicaLink {
  /** Leaves with everything else of this turn; may be lost. */
  send(to: Member, address: BlockAddress, message: ReplicaMessage): void
  /** Asks a member for what is chosen from a slot on. Rejects where it is not reached. */
  catchUp(from: Member, address: BlockAddress, since: number, signal: AbortSignal): Promise<CaughtUp>
}
