import type { Member } from './core/consensus/group.ts'
import type { RecoveryProof } from './core/overlay/recovery-record.ts'
import type { ReplicaHost } from './engine/consensus/replica-host.ts'
import { writeLeftBehind } from './engine/network/left-behind.ts'
import type { NetworkRemoval } from './engine/network/network-removal.ts'
import { removalIn, writeRemoval } from './engine/network/network-removal.ts'
import type { NetworkView } from './engine/network/network-view.ts'
import type { LivenessObserver } from './observe/cluster-observer.ts'
import type { NodePorts } from './ports/node-ports.ts'
import type { RecordWrite } from './ports/record-store.ts'
import type { Transport } from './ports/transport.ts'

export interface PartingParts {
  readonly ports: Pick<NodePorts, 'store' | 'logger'>
  readonly self: Member
  readonly view: NetworkView
  readonly host: ReplicaHost
  readonly observer: Pick<LivenessObserver, 'leftBehind' | 'removed'>
  readonly transport: Transport
}

/** How a node comes to take no part any more; nor does a later start. */
export interface Parting {
  /**
   * The network went on without this node. It goes on greeting others, to whom it shows the statement, so that those learn of it too who
   * cannot reach the survivor.
   */
  missed(proof: RecoveryProof): void
  /** The network may name this node no more: said by its view. Until `hold` was released that is left to who holds it. */
  look(): void
  /** Somebody takes this node out in steps. */
  hold(): HeldParting
}

export interface HeldParting {
  /** Resolves when it is durable that this node has gone, where it has: a later start takes no part. */
  note(): Promise<void>
  /** This one takes no part either from then on, where it has gone. */
  release(): Promise<void>
}

export function composeParting({ ports, self, view, host, observer, transport }: PartingParts): Parting {
  const { store, logger } = ports
  let isHeld = false
  const endSessions = (): void => {
    for (const { nodeId } of transport.peers) transport.endSession(nodeId, 'stopped')
  }
  const settle = async (write: RecordWrite): Promise<void> => {
    try {
      await store.commit([write], { space: 'reserve' })
    } catch (error) {
      logger.error('that this directory takes no part any more could not be written down; the next start learns it anew', {
        error,
      })
    }
    endSessions()
  }
  const removed = async (removal: NetworkRemoval): Promise<void> => {
    view.remove(removal)
    observer.removed(removal)
    host.withdraw('removed')
    await settle(writeRemoval(self.nodeId, removal))
  }
  const look = (): Promise<void> => {
    const removal = removalIn(view.facts, self.nodeId)
    return removal === undefined || view.removal !== undefined ? Promise.resolve() : removed(removal)
  }
  return {
    missed(proof) {
      if (view.leftBehind !== undefined) return
      view.leave(proof)
      observer.leftBehind(proof)
      host.withdraw('left-behind')
      void settle(writeLeftBehind(proof))
    },
    look() {
      if (!isHeld) void look()
    },
    hold() {
      isHeld = true
      return {
        async note() {
          const removal = removalIn(view.facts, self.nodeId)
          if (removal !== undefined) await store.commit([writeRemoval(self.nodeId, removal)], { space: 'reserve' })
        },
        async release() {
          isHeld = false
          await look()
        },
      }
    },
  }
}
