import { assert } from '../../../shared/assert.ts'
import { isTakenOut } from '../../core/access/revocation.ts'
import type { BlockAddress } from '../../core/base/address.ts'
import { equalBytes } from '../../core/base/bytes.ts'
import type { Group, Member } from '../../core/consensus/group.ts'
import { bornGroup, membersOf } from '../../core/consensus/group.ts'
import type { OpenEpochs } from '../../core/overlay/open-epochs.ts'
import { differingGroups, openEpochs } from '../../core/overlay/open-epochs.ts'
import type { PlacementMap } from '../../core/overlay/placement-map.ts'
import { placeOf } from '../../core/overlay/placement-map.ts'
import type { RecoveryProof } from '../../core/overlay/recovery-record.ts'
import { everyGroup, placementGroup } from '../../core/overlay/rendezvous.ts'
import type { NetworkFacts } from './network-facts.ts'
import type { NetworkRemoval } from './network-removal.ts'
import type { NetworkState } from './network-state.ts'

/** Copies of a block that the network keeps, and members of its root, where it has nodes enough. */
export const replicationFactor = 3
const rootFactor = 5

/** The network as this node knows it at the moment. What changes is told to who has asked for it. */
export class NetworkView {
  readonly networkId: Uint8Array
  readonly root: BlockAddress
  readonly #self: Member
  readonly #listeners: (() => void)[] = []
  #leftBehind: RecoveryProof | undefined
  #removal: NetworkRemoval | undefined
  #facts: NetworkFacts
  #epochs: OpenEpochs
  #everybody: readonly Member[] | undefined

  constructor(state: NetworkState) {
    this.networkId = state.networkId
    this.root = state.root
    this.#self = { nodeId: state.self.nodeId, storeId: state.self.storeId }
    this.#leftBehind = state.leftBehind
    this.#removal = state.removal
    this.#facts = state
    this.#epochs = epochsOf(state.maps)
    this.#everybody = everyGroup(state.placement, { factor: replicationFactor })
  }

  get facts(): NetworkFacts {
    return this.#facts
  }

  get placement(): PlacementMap {
    return this.#facts.placement
  }

  get epoch(): number {
    return this.#facts.placement.epoch
  }

  /** Ed25519 public key of the present owner. */
  get owner(): Uint8Array {
    const owner = this.#facts.descriptor.terms.at(-1)?.owner
    assert(owner !== undefined, 'a descriptor has terms')
    return owner
  }

  /** The recovery by which the network went on without this data directory; undefined where none is known. */
  get leftBehind(): RecoveryProof | undefined {
    return this.#leftBehind
  }

  leave(proof: RecoveryProof): void {
    this.#leftBehind = proof
  }

  /** How this node went out of the network; undefined while it is of it. */
  get removal(): NetworkRemoval | undefined {
    return this.#removal
  }

  remove(removal: NetworkRemoval): void {
    this.#removal = removal
  }

  /** The network consists of this node alone. */
  get isAlone(): boolean {
    const [place, ...others] = this.placement.places
    return others.length === 0 && place !== undefined && equalBytes(place.nodeId, this.#self.nodeId)
  }

  /** The node was of the network, and nobody lets it in any more. */
  isTakenOut(nodeId: Uint8Array): boolean {
    return isTakenOut(nodeId, this.#facts.admission.revocations)
  }

  /** Told, synchronously, when something of the network has changed. Must not throw. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener)
  }

  update(facts: NetworkFacts): void {
    this.#facts = facts
    this.#epochs = epochsOf(facts.maps)
    this.#everybody = everyGroup(facts.placement, { factor: replicationFactor })
    for (const listener of this.#listeners) listener()
  }

  isOfNetwork(nodeId: Uint8Array): boolean {
    return placeOf(this.placement, nodeId) !== undefined
  }

  /** The members that a block should have by the newest map, the first choice first. */
  placedAt(address: BlockAddress): readonly Member[] {
    const factor = equalBytes(address, this.root) ? rootFactor : replicationFactor
    const members = placementGroup(this.placement, address, { factor })
    return members.length > 0 ? members : [this.#self]
  }

  /** The members of each block by the newest map, in no order, where that is the same for all of them; the root may have more. */
  get everybody(): readonly Member[] | undefined {
    return this.#everybody
  }

  /** The group that a block is born to now. */
  birthGroup(address: BlockAddress): Group {
    return bornGroup(this.placedAt(address))
  }

  /**
   * A block at this address may be decided by two groups that do not have to meet: while that is so it is neither born nor found absent.
   */
  isUncertain(address: BlockAddress): boolean {
    const differing = this.differing(address)
    if (differing.length === 0) return false
    const newest = this.placedAt(address)
    return differing.some((older) => mayMiss(newest, older))
  }

  /** Groups of older open epochs in which a block may be that the newest map does not find. */
  differing(address: BlockAddress): readonly (readonly Member[])[] {
    return differingGroups(this.#epochs, address, { factor: replicationFactor }).map(({ members }) => members)
  }
}

/** Whether a majority of one group and one of the other may have no member in common. */
function mayMiss(left: readonly Member[], right: readonly Member[]): boolean {
  const majority = (members: readonly Member[]): number => Math.floor(members.length / 2) + 1
  return majority(left) + majority(right) <= membersOf([left, right]).length
}

function epochsOf(maps: readonly PlacementMap[]): OpenEpochs {
  const epochs = openEpochs(maps)
  assert(epochs !== undefined, 'a network has open epochs, and not too many')
  return epochs
}
