import { CodedError } from '../../../shared/coded-error.ts'
import type { PassportChain } from '../../core/access/passport.ts'
import { isTakenOut } from '../../core/access/revocation.ts'
import { equalBytes, startsWith, toHex } from '../../core/base/bytes.ts'
import { encodeText } from '../../core/base/text.ts'
import { dropExpired, revoke } from '../../core/overlay/admission-section.ts'
import type { EpochChange } from '../../core/overlay/open-epochs.ts'
import { mayOpen, openEpochs } from '../../core/overlay/open-epochs.ts'
import type { PlacementMap, StoragePlace } from '../../core/overlay/placement-map.ts'
import { defaultWeight, placeOf, withoutPlace, withWeight } from '../../core/overlay/placement-map.ts'
import { settledPrefix } from '../../core/overlay/root-section.ts'
import type { Clock } from '../../ports/clock.ts'
import type { NodeClock } from '../clock/node-clock.ts'
import { admissionWish, placementWish } from './admission.ts'
import type { NetworkFacts, Sections } from './network-facts.ts'
import type { NetworkView } from './network-view.ts'
import type { NodeKeys } from './node-keys.ts'
import type { RootChange, RootKeeper, SectionWish } from './root-keeper.ts'

export interface NodeRemovalsParts {
  readonly clock: Clock
  readonly hybridClock: NodeClock
  readonly keys: NodeKeys
  readonly view: NetworkView
  readonly root: RootKeeper
  readonly nodeId: Uint8Array
  readonly chain: () => PassportChain
}

/** What a change of the map came to. */
export interface ChangedMap {
  /** Of the map that holds from now on. */
  readonly epoch: number
  /** Nodes of it that take new blocks. */
  readonly storingNodes: number
}

/**
 * Takes nodes out of the network: each step is one commit of the root, so a minority takes nobody out. Errors: `permission-denied`,
 * `invalid-argument` (the node is none of the network, or the step would end what it is to keep), `unavailable` (no majority, or too many
 * epochs are open), `limit-exceeded` (too many revocations).
 */
export class NodeRemovals {
  readonly #parts: NodeRemovalsParts

  constructor(parts: NodeRemovalsParts) {
    this.#parts = parts
  }

  /** The node takes no blocks from now on, and others take what it has; with `undo` it takes its share again. */
  async drain(nodeId: Uint8Array, { undo }: { readonly undo: boolean }, signal: AbortSignal): Promise<ChangedMap> {
    this.#assertMay(nodeId)
    return await this.#change(({ placement, maps }) => {
      // It went, and ended before it could write down that it had.
      if (equalBytes(nodeId, this.#parts.nodeId) && placeOf(placement, nodeId) === undefined && !undo) return undefined
      const place = placed(placement, nodeId)
      // The weight that it had is nowhere kept: every node has the same one.
      if (undo ? place.weight > 0 : place.weight === 0) return undefined
      if (!undo && storingNodes(placement) < 2) {
        throw refused('no other node of the network takes blocks, so there is nowhere for them to go')
      }
      assertOpens(maps, 'other')
      const next = withWeight(placement, nodeId, undo ? defaultWeight : 0)
      return next && [placementWish(next)]
    }, signal)
  }

  /** A node that is gone for good: it has no place any more, waits of others for it end, and nobody lets it in again. */
  async evict(nodeId: Uint8Array, signal: AbortSignal): Promise<ChangedMap> {
    const { view, nodeId: self } = this.#parts
    if (equalBytes(nodeId, self)) throw refused('a node does not evict itself: ask it to leave ("memo cluster leave")')
    assertNotOwners(view.facts, nodeId)
    this.#assertMay(nodeId)
    return await this.#change((facts, sections) => {
      if (isTakenOut(nodeId, facts.admission.revocations)) return undefined
      const { weight } = placed(facts.placement, nodeId)
      if (weight > 0 && storingNodes(facts.placement) <= 2) {
        throw refused(
          'what lies at two nodes has no majority without one of them: drain it while it answers ("memo cluster drain"), or go on with the other alone ("memo cluster recover --alone")',
        )
      }
      assertOpens(facts.maps, 'eviction')
      return [...this.#goneWishes(nodeId, facts, sections), this.#revocationWish(nodeId, facts)]
    }, signal)
  }

  /** This node's own place goes, once it has drained and no older epoch is open. False where that is not so yet. */
  async depart(signal: AbortSignal): Promise<boolean> {
    const { root, view, nodeId } = this.#parts
    this.assertMayLeave()
    await root.change((facts, sections) => {
      const isReady = placeOf(facts.placement, nodeId)?.weight === 0 && facts.maps.length === 1
      return isReady ? this.#goneWishes(nodeId, facts, sections) : undefined
    }, signal)
    return !view.isOfNetwork(nodeId)
  }

  /** Nobody lets this node in any more, which has left. */
  async revokeSelf(signal: AbortSignal): Promise<void> {
    const { root, nodeId } = this.#parts
    await root.change((facts) => {
      return isTakenOut(nodeId, facts.admission.revocations) ? undefined : [this.#revocationWish(nodeId, facts)]
    }, signal)
  }

  /** Throws `invalid-argument` where the network would have nobody who renews its passports. */
  assertMayLeave(): void {
    const { view, nodeId } = this.#parts
    assertNotOwners(view.facts, nodeId)
    if (this.#isOwner) throw refused(ownersText)
  }

  async #change(decide: RootChange, signal: AbortSignal): Promise<ChangedMap> {
    const { placement } = await this.#parts.root.change(decide, signal)
    return { epoch: placement.epoch, storingNodes: storingNodes(placement) }
  }

  /** Without its place, and without what it has reported. */
  #goneWishes(nodeId: Uint8Array, { placement }: NetworkFacts, sections: Sections): readonly SectionWish[] {
    const next = withoutPlace(placement, nodeId)
    if (next === undefined) return []
    const reports = encodeText(`${toHex(nodeId)}/`)
    const reported = [...sections.values()].filter(
      ({ name }) => startsWith(name, settledPrefix) && startsWith(name.subarray(settledPrefix.length), reports),
    )
    return [placementWish(next), ...reported.map(({ name }) => ({ name, body: undefined }))]
  }

  #revocationWish(nodeId: Uint8Array, { admission }: NetworkFacts): SectionWish {
    const { clock, hybridClock, keys } = this.#parts
    const revocation = { kind: 'node', value: nodeId, at: hybridClock.next(), by: keys.user.signing.publicKey } as const
    const next = revoke(dropExpired(admission, clock.nowMs()), revocation)
    if (next === undefined) throw new CodedError('limit-exceeded', 'the network keeps too many revocations; nothing was changed')
    return admissionWish(next)
  }

  #assertMay(nodeId: Uint8Array): void {
    const { chain, nodeId: self } = this.#parts
    const rights = chain()[0]?.rights
    const isOwn = equalBytes(nodeId, self)
    if (this.#isOwner || rights?.administer === true || (isOwn && rights?.invite === true)) return
    const text = isOwn
      ? 'the passport of this node does not let it change the map of the network'
      : 'only a node that administers the network may do this to another one: ask the one that founded it'
    throw new CodedError('permission-denied', `${text}; nothing was changed`)
  }

  get #isOwner(): boolean {
    const { keys, view } = this.#parts
    return equalBytes(keys.user.signing.publicKey, view.owner)
  }
}

const ownersText =
  'this is the node of the network’s owner, whose key renews the passports of all others: without it the network would end when they do. Bring it back, or go on without it by "memo cluster recover --alone --administrator-keys DIR", which hands the network over'

/** The node of the owner: the first one, or the one that a forced recovery handed the network over to. */
function assertNotOwners({ descriptor, recoveries }: NetworkFacts, nodeId: Uint8Array): void {
  const owners = descriptor.terms.length > 1 ? recoveries.at(-1)?.proof.survivor.nodeId : descriptor.foundation.firstNode
  if (owners !== undefined && equalBytes(owners, nodeId)) throw refused(ownersText)
}

function storingNodes({ places }: PlacementMap): number {
  return places.filter(({ weight }) => weight > 0).length
}

function placed(map: PlacementMap, nodeId: Uint8Array): StoragePlace {
  const place = placeOf(map, nodeId)
  if (place === undefined) throw refused('no node of the network has this id')
  return place
}

function assertOpens(maps: readonly PlacementMap[], change: EpochChange): void {
  const epochs = openEpochs(maps)
  if (epochs !== undefined && mayOpen(epochs, change)) return
  throw new CodedError(
    'unavailable',
    'the network is still moving blocks because of earlier changes; nothing was changed, try again later',
  )
}

function refused(why: string): CodedError {
  return new CodedError('invalid-argument', `${why}; nothing was changed`)
}
