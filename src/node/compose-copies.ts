import type { BlockAddress } from './core/base/address.ts'
import type { Limits } from './core/base/limits.ts'
import type { Member } from './core/consensus/group.ts'
import type { AskMember, MemberCalls } from './engine/cluster/ask-member.ts'
import type { BlockRoute } from './engine/cluster/block-route.ts'
import { CopyEvidence } from './engine/cluster/copy-evidence.ts'
import { CopyReads } from './engine/cluster/copy-reads.ts'
import type { Liveness } from './engine/cluster/liveness.ts'
import type { HostedBlock } from './engine/consensus/hosted-block.ts'
import type { ReplicaHost } from './engine/consensus/replica-host.ts'
import type { CopyObserver } from './observe/cluster-observer.ts'
import type { Clock } from './ports/clock.ts'
import type { RecordStore } from './ports/record-store.ts'

export interface CopiesParts {
  readonly host: ReplicaHost
  readonly store: RecordStore
  readonly route: BlockRoute
  readonly ask: AskMember
  readonly clock: Clock
  readonly limits: Limits
  readonly self: Member
  readonly liveness: Liveness
  readonly tripMs: (nodeId: Uint8Array) => number | undefined
  readonly holders: (address: BlockAddress) => readonly Member[]
  readonly observer: CopyObserver
}

/** Reads that any copy of a block may answer, and what is known of the age of the copies here. */
export interface ComposedCopies {
  readonly reads: CopyReads
  readonly evidence: CopyEvidence
  /** Told of each block whose entries were applied here. */
  applied(block: HostedBlock): void
  /** Answers what others ask. Before the transport starts. */
  register(calls: MemberCalls): void
}

export function composeCopies(parts: CopiesParts): ComposedCopies {
  const { observer } = parts
  const evidence = new CopyEvidence({ ...parts, asked: observer.copyConfirmed })
  const reads = new CopyReads({ ...parts, evidence, answered: observer.copyRead })
  return {
    ...{ reads, evidence },
    applied: (block) => evidence.applied(block),
    register: (calls) => {
      calls.serve('copy', reads.serve)
      calls.serve('confirmed-index', evidence.serve)
    },
  }
}
