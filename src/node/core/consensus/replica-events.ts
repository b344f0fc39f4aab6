/**
 * What goes into the consensus machine of one block, and what comes out of it (Multi-Paxos: Lamport, Paxos Made Simple, 2001; the log
 * is contiguous and is dropped behind the state). A slot is a position in the block's log: 0 is the birth, -1 stands for "unborn".
 *
 * Invariants: a machine neither waits nor reads a clock; what has to be durable before something is sent is a `persist`, and what
 * waits for it comes out only after the `persisted` of the same number. Writes become durable in the order in which they came out.
 */

import type { Ballot } from './ballot.ts'
import type { Group, Member } from './group.ts'
import { isSameGroup } from './group.ts'
import type { PaceLimits } from './lead-pace.ts'

/** What a slot holds. Only groups mean something to the machine; what a `change` does is for those who apply it. */
export type LogEntry =
  /** `bornTo`: of the change in slot 0, the group in force from slot 1 on, which members that act by another map would not find. */
  | { readonly kind: 'change'; readonly body: Uint8Array; readonly bornTo?: Group }
  /** In force from the next slot on. */
  | { readonly kind: 'group'; readonly group: Group }
  /** Fills a slot for which a preparing primary found nothing. */
  | { readonly kind: 'empty' }

/** An entry as a member accepted it. */
export interface Slot {
  readonly slot: number
  readonly ballot: Ballot
  readonly entry: LogEntry
}

/** The group that is in force behind a slot, where that is another one than before it. */
export function groupBehind({ slot, entry }: Pick<Slot, 'slot' | 'entry'>, before: Group): Group | undefined {
  if (entry.kind === 'group') return entry.group
  const born = entry.kind === 'change' && slot === 0 ? entry.bornTo : undefined
  return born === undefined || isSameGroup(born, before) ? undefined : born
}

/** `groupIndex` is that of the sender's group; a vote counts in the group that it was given in only. */
export type ReplicaMessage =
  /** `committed`: up to where the asker knows the log. */
  | { readonly kind: 'prepare'; readonly ballot: Ballot; readonly groupIndex: number; readonly committed: number }
  | {
      readonly kind: 'promise'
      readonly ballot: Ballot
      readonly groupIndex: number
      readonly committed: number
      /**
       * Everything held above the asker's committed index, in order; those up to `committed` are chosen, and where the first of them is
       * gone here, the asker has to catch up before it leads.
       */
      readonly slots: readonly Slot[]
    }
  /** Refuses a ballot because of a higher promise. */
  | { readonly kind: 'higher'; readonly ballot: Ballot; readonly promised: Ballot }
  /** Answers whatever came from an older group: its sender has to catch up first. */
  | { readonly kind: 'newer-group'; readonly groupIndex: number; readonly committed: number }
  | {
      readonly kind: 'accept'
      readonly ballot: Ballot
      readonly groupIndex: number
      readonly committed: number
      /** Entries of the slots `first`, `first + 1`, ... */
      readonly first: number
      readonly entries: readonly LogEntry[]
    }
  /** Every slot up to `upTo` is durable here under this ballot, or known to be chosen. */
  | { readonly kind: 'accepted'; readonly ballot: Ballot; readonly groupIndex: number; readonly upTo: number }
  /** Entries from this slot on are missing here. */
  | { readonly kind: 'gap'; readonly ballot: Ballot; readonly groupIndex: number; readonly from: number }
  | { readonly kind: 'committed'; readonly ballot: Ballot; readonly groupIndex: number; readonly index: number }
  | { readonly kind: 'confirm'; readonly ballot: Ballot; readonly groupIndex: number; readonly round: number }
  /** The promise of this member is still this ballot. */
  | { readonly kind: 'confirmed'; readonly ballot: Ballot; readonly groupIndex: number; readonly round: number }
  /** From the holder of this ballot, whose own writes are slow: whoever hears it should lead instead. */
  | { readonly kind: 'yield'; readonly ballot: Ballot; readonly groupIndex: number }

export type ReplicaEvent =
  /** `from` is who the session says it is, never a field of the message. */
  | { readonly kind: 'message'; readonly from: Member; readonly message: ReplicaMessage }
  | { readonly kind: 'persisted'; readonly write: number }
  /** The write is not on the disk and never will be, for want of space. */
  | { readonly kind: 'not-persisted'; readonly write: number }
  /** Become the primary, unless it is or is about to be. */
  | { readonly kind: 'lead' }
  /** Give up leading, or trying to. */
  | { readonly kind: 'resign' }
  /** As long as the block is not born: by a newer map it is born to this group. */
  | { readonly kind: 'placed'; readonly group: Group }
  /** Numbers of proposals and reads are the caller's and never used twice. */
  | { readonly kind: 'propose'; readonly proposal: number; readonly entry: LogEntry }
  | { readonly kind: 'read'; readonly read: number }
  /** The state has reached this slot, durably. */
  | { readonly kind: 'applied'; readonly index: number }
  /** As a group of one: nothing from this slot on was applied, and nothing of it is on the disk. */
  | { readonly kind: 'not-applied'; readonly from: number }
  /** A catch-up brought chosen entries, in order and without gaps. */
  | { readonly kind: 'chosen'; readonly slots: readonly Slot[] }
  /** A catch-up replaced the state by one as of this slot, durably. */
  | { readonly kind: 'installed'; readonly index: number; readonly group: Group }
  | { readonly kind: 'catch-up-failed' }
  | { readonly kind: 'tick' }

export type ReplicaEffect =
  /** To be made durable in one write, promise and entries. */
  | {
      readonly kind: 'persist'
      readonly write: number
      readonly promised: Ballot | undefined
      readonly slots: readonly Slot[]
    }
  | { readonly kind: 'send'; readonly to: Member; readonly message: ReplicaMessage }
  /** Chosen: to be applied in this order, behind what was to be applied before; answered by `applied`. */
  | { readonly kind: 'apply'; readonly slots: readonly Slot[] }
  /** The proposal is chosen at this slot. */
  | { readonly kind: 'decided'; readonly proposal: number; readonly slot: number }
  /** Whether the proposal is chosen is unknown here: another ballot may carry it on. */
  | { readonly kind: 'lost'; readonly proposal: number }
  /** Nothing was proposed. */
  | { readonly kind: 'refused'; readonly proposal: number; readonly reason: RefusedProposal }
  /** The state as it is now may be read. */
  | { readonly kind: 'readable'; readonly read: number }
  | { readonly kind: 'unreadable'; readonly read: number; readonly reason: 'not-leading' | 'no-majority' }
  /** From now on proposals are taken; `false`: no longer. */
  | { readonly kind: 'leading'; readonly leading: boolean }
  /** Preparing was given up: another one promised to is ahead, or a newer group. */
  | { readonly kind: 'overtaken'; readonly by: Ballot | undefined }
  /** Entries from `since` on are to be asked of this member, or its state. Answered by `chosen`, `installed` or `catch-up-failed`. */
  | { readonly kind: 'catch-up'; readonly from: Member; readonly since: number }

export type RefusedProposal = 'not-leading' | 'pipeline-full' | 'group-changing' | 'no-majority' | 'not-applied'

/** Milliseconds and counts; the defaults are in core/base/limits.ts. */
export interface ReplicaLimits extends PaceLimits {
  readonly pipelineMax: number
  /** After this long without an answer a message is sent again; to one that stays silent ever less often, down to the other. */
  readonly resendMs: number
  readonly resendMaxMs: number
  /** Entries of one accept. */
  readonly acceptEntriesMax: number
  /** Bytes of the entries of one accept; a single larger one goes alone. */
  readonly acceptBytesMax: number
  /** How long a confirmation waits for its majority before its reads are refused. */
  readonly confirmTimeoutMs: number
  readonly catchUpTimeoutMs: number
  /** A primary that has not heard a majority for this long proposes nothing before a confirmation. */
  readonly silentMs: number
  /** Entries below the applied index that are kept for members that are a little behind, and their bytes. */
  readonly retainedEntriesMax: number
  readonly retainedBytesMax: number
}

/** What a member keeps of a block, as far as votes are concerned. */
export interface ReplicaRecord {
  readonly group: Group
  /** Undefined where nothing was promised yet. */
  readonly promised: Ballot | undefined
  /** Slot up to which the state is durable; -1: unborn. */
  readonly applied: number
  /** Accepted above that, in order. */
  readonly slots: readonly Slot[]
}
