import { CodedError } from '../../../shared/coded-error.ts'
import { equalBytes } from '../../core/base/bytes.ts'
import { isGenuineContent } from '../../core/block/content-block.ts'
import type { ContentCallHead, ContentSight, StoredOutcome } from '../../core/wire/content-calls.ts'
import {
  decodeContentGet,
  decodeContentLook,
  decodeContentPut,
  decodeContentRemove,
  doneOutcome,
  encodeContentFinding,
  encodeContentSights,
  encodeStoredOutcomes,
} from '../../core/wire/content-calls.ts'
import type { Peer, PeerRights } from '../../ports/transport.ts'
import type { PeerSwitch } from '../cluster/peer-switch.ts'
import type { ContentParts } from './content-parts.ts'
import type { ContentReplicas } from './content-replicas.ts'
import { observeStamp } from './observe-stamp.ts'

export type ContentServerParts = Pick<ContentParts, 'crypto' | 'hybridClock' | 'placement'>

/**
 * Answers other nodes about the copies of this one. Nothing is stored before it was verified, and nothing is answered before it is
 * durable. As many calls are under way as the transport lets peers have.
 */
export class ContentServer {
  readonly #parts: ContentServerParts
  readonly #replicas: ContentReplicas

  constructor(parts: ContentServerParts, replicas: ContentReplicas) {
    this.#parts = parts
    this.#replicas = replicas
  }

  /** Before the transport starts. */
  register(peers: PeerSwitch): void {
    peers.onRequest('content-put', (peer, body, signal) => this.#put(peer, body, signal))
    peers.onRequest('content-get', (peer, body, signal) => this.#get(peer, body, signal))
    peers.onRequest('content-look', (peer, body, signal) => this.#look(peer, body, signal))
    peers.onRequest('content-remove', (peer, body, signal) => this.#remove(peer, body, signal))
  }

  async #put(peer: Peer, body: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    demand(peer, ({ store, write }) => store || write)
    const put = decodeContentPut(body)
    if (put === undefined) throw unreadable()
    await this.#meet(put, peer, signal)
    this.#assertCurrent(put)
    const { copies } = this.#replicas
    if (put.kind === 'renewal') return encodeStoredOutcomes(await copies.renew(put.renewals, put.place))
    const { copy, bytes, due } = put
    if (!isGenuineContent(this.#parts.crypto, copy)) {
      throw new CodedError('invalid-argument', 'the copy is not what its address says')
    }
    observeStamp(this.#parts.hybridClock, copy.birth)
    return encodeStoredOutcomes([await copies.put({ copy, bytes, due })])
  }

  async #get(peer: Peer, body: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    demand(peer, ({ read, store }) => read || store)
    const get = decodeContentGet(body)
    if (get === undefined) throw unreadable()
    await this.#meet(get, peer, signal)
    const finding = await this.#replicas.copies.find(get.address)
    if (finding.kind === 'damaged') this.#replicas.repairSoon(get.address)
    // By an older map somebody may be asked who was never to have it.
    if (finding.kind === 'absent') this.#assertCurrent(get)
    return encodeContentFinding(finding)
  }

  async #look(peer: Peer, body: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    demand(peer, ({ read, store }) => read || store)
    const look = decodeContentLook(body)
    if (look === undefined) throw unreadable()
    await this.#meet(look, peer, signal)
    this.#assertCurrent(look)
    const sights: ContentSight[] = []
    for (const address of look.addresses) {
      if (signal.aborted) throw signal.reason
      sights.push(await this.#replicas.copies.see(address))
    }
    return encodeContentSights(sights)
  }

  async #remove(peer: Peer, body: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    const remove = decodeContentRemove(body)
    if (remove === undefined) throw unreadable()
    demand(peer, ({ store, write }) => store || (write && remove.kind === 'removal'))
    await this.#meet(remove, peer, signal)
    this.#assertCurrent(remove)
    const { copies } = this.#replicas
    if (remove.kind === 'collection') {
      await copies.collect(remove.candidates)
      return encodeStoredOutcomes(remove.candidates.map(() => doneOutcome))
    }
    const outcome: StoredOutcome = await this.#replicas.takeRemoval(remove.tombstone)
    return encodeStoredOutcomes([outcome])
  }

  /** Only the directory that was asked answers for it, and none by an older map than the asker's. */
  async #meet({ epoch, storeId }: ContentCallHead, { nodeId }: Peer, signal: AbortSignal): Promise<void> {
    const { placement } = this.#parts
    if (epoch > placement.epoch) await placement.reach(epoch, nodeId, signal)
    if (!equalBytes(storeId, placement.self.storeId)) {
      throw new CodedError('unavailable', 'this node has another data directory than the one that was asked')
    }
  }

  #assertCurrent({ epoch }: ContentCallHead): void {
    if (epoch < this.#parts.placement.epoch) throw new CodedError('unavailable', 'the asker has an older placement map')
  }
}

function demand({ rights }: Peer, holds: (rights: PeerRights) => boolean): void {
  if (!holds(rights)) throw new CodedError('permission-denied', 'the passport of this node does not allow this')
}

function unreadable(): CodedError {
  return new CodedError('invalid-argument', 'this call cannot be read')
}
