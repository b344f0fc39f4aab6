import type { Peer } from './peer.ts'

/** Three servers under test that hold the same data. */
export interface ClusterPeer {
  readonly name: Peer['name']
  /** The one that leads as long as no member was killed, and behind it the others. */
  readonly members: readonly [Peer, Peer, Peer]
  stop(): Promise<void>
}
