import { CodedError, isCoded } from '../../../shared/coded-error.ts'
import type { BlockAddress } from '../../core/base/address.ts'
import { equalBytes } from '../../core/base/bytes.ts'
import type { ContentCopy, StorePlace } from '../../core/block/content-block.ts'
import { decodeContentCopy, isGenuineContent } from '../../core/block/content-block.ts'
import type { Tombstone } from '../../core/block/removal.ts'
import { decodeTombstone, encodeTombstone, isGenuineRemoval } from '../../core/block/removal.ts'
import { candidateKey, candidateReason } from '../../core/kv/record-keys.ts'
import type {
  CandidateRenewal,
  CollectCandidate,
  ContentFinding,
  ContentSight,
  StoredOutcome,
} from '../../core/wire/content-calls.ts'
import { doneOutcome, missingOutcome } from '../../core/wire/content-calls.ts'
import type { Crypto } from '../../ports/crypto.ts'
import type { CommitOptions, RecordStore, RecordWrite } from '../../ports/record-store.ts'
import type { NodeClock } from '../clock/node-clock.ts'
import { AddressTurns } from './address-turns.ts'

export interface LocalCopiesParts {
  readonly store: RecordStore
  readonly crypto: Crypto
  readonly hybridClock: NodeClock
  readonly networkId: Uint8Array
}

/** A verified copy, as it is to be stored here. */
export interface ArrivedCopy {
  readonly copy: ContentCopy
  readonly bytes: Uint8Array
  readonly due?: bigint | undefined
}

/**
 * The copies that this node has of blocks with other members. A removal stands against every copy that was born before it, in whatever
 * order the two arrive.
 */
export class LocalCopies {
  readonly #parts: LocalCopiesParts
  readonly #turns = new AddressTurns()

  constructor(parts: LocalCopiesParts) {
    this.#parts = parts
  }

  /** What is here, the bytes verified. */
  async find(address: BlockAddress): Promise<ContentFinding> {
    const bytes = await this.#record(address)
    if (bytes === 'damaged') return damaged
    if (bytes === undefined) {
      const tombstone = await this.#tombstone(address)
      return tombstone === undefined ? { kind: 'absent' } : { kind: 'removed', tombstone }
    }
    const copy = decodeContentCopy(address, bytes)
    if (copy === undefined || !isGenuineContent(this.#parts.crypto, copy)) return damaged
    return { kind: 'copy', copy, bytes }
  }

  /** As `find`, without a look at the bytes. */
  async see(address: BlockAddress): Promise<ContentSight> {
    try {
      if (await this.#parts.store.has('content', address)) return 'copy'
    } catch (error) {
      if (!isCoded(error, 'data-corrupt')) throw error
      return 'damaged'
    }
    return (await this.#tombstone(address)) === undefined ? 'absent' : 'removed'
  }

  /** A tombstone that another key signed than may remove the block says nothing about it, and goes. */
  put({ copy, bytes, due }: ArrivedCopy, options: CommitOptions = {}): Promise<StoredOutcome> {
    const { store, hybridClock } = this.#parts
    const { address, birth, header } = copy
    return this.#turns.run(address, async () => {
      const tombstone = await this.#tombstone(address)
      if (tombstone !== undefined && this.isRemovedBy(tombstone, copy)) return { kind: 'removed', stamp: tombstone.proof.issued }
      const present = await this.find(address)
      const writes: RecordWrite[] = []
      if (present.kind !== 'copy' || present.copy.birth < birth) {
        const isNew = present.kind === 'absent' || present.kind === 'removed'
        writes.push({ kind: 'put', family: 'content', key: address, value: bytes, ...(isNew && { isNew }) })
      }
      if (tombstone !== undefined) writes.push({ kind: 'delete', family: 'tombstone', key: address })
      if (due !== undefined && header.place !== undefined) writes.push(candidateWrite(due, address, header.place))
      if (writes.length > 0) await store.commit(writes, options)
      // A collector that saw the candidate as due may have taken the copy.
      return due !== undefined && hybridClock.last >= due ? missingOutcome : doneOutcome
    })
  }

  /** Gives stored blocks other due times; `missing` where there is no copy, or it may be gone already. */
  async renew(renewals: readonly CandidateRenewal[], place: StorePlace): Promise<readonly StoredOutcome[]> {
    const { store, hybridClock } = this.#parts
    const present: boolean[] = []
    const writes: RecordWrite[] = []
    for (const renewal of renewals) {
      const isPresent = (await this.see(renewal.address)) === 'copy'
      present.push(isPresent)
      if (isPresent) writes.push(...renewalWrites(renewal, place))
    }
    if (writes.length > 0) await store.commit(writes)
    const { last } = hybridClock
    return renewals.map(({ due }, index) => (present[index] === true && last < due ? doneOutcome : missingOutcome))
  }

  /** Removes what was born before the removal. Throws `permission-denied` where that is not by the key that may remove the copy. */
  remove(tombstone: Tombstone, also: readonly RecordWrite[] = []): Promise<StoredOutcome> {
    const { proof } = tombstone
    const { address } = proof
    return this.#turns.run(address, async () => {
      const present = await this.find(address)
      if (present.kind === 'copy') {
        if (!isByRemover(tombstone, present.copy))
          throw new CodedError('permission-denied', 'this key does not remove this block')
        if (!covers(tombstone, present.copy.birth)) return { kind: 'newer', stamp: present.copy.birth }
      }
      const known = present.kind === 'removed' ? present.tombstone : undefined
      const writes: RecordWrite[] = [...also]
      if (known === undefined || known.proof.issued < proof.issued) {
        if (present.kind !== 'absent' && known === undefined) writes.push({ kind: 'delete', family: 'content', key: address })
        writes.push({ kind: 'put', family: 'tombstone', key: address, value: encodeTombstone(tombstone) })
      }
      if (writes.length > 0) await this.#parts.store.commit(writes, { space: 'reserve' })
      return doneOutcome
    })
  }

  /** Forgets a copy that belongs to other nodes, which have theirs. */
  drop(address: BlockAddress): Promise<void> {
    return this.#turns.run(address, async () => {
      await this.#parts.store.commit([{ kind: 'delete', family: 'content', key: address }], { space: 'reserve' })
    })
  }

  /** Forgets a removal that an insertion came after. */
  lift(address: BlockAddress, birth: bigint): Promise<void> {
    return this.#turns.run(address, async () => {
      const tombstone = await this.#tombstone(address)
      if (tombstone === undefined || covers(tombstone, birth)) return
      await this.#parts.store.commit([{ kind: 'delete', family: 'tombstone', key: address }], { space: 'reserve' })
    })
  }

  /** Has this node's collector judge the blocks of which it has copies. */
  async collect(candidates: readonly CollectCandidate[]): Promise<void> {
    const writes: RecordWrite[] = []
    for (const { due, address, place } of candidates) {
      if ((await this.see(address)) === 'copy') writes.push(candidateWrite(due, address, place))
    }
    if (writes.length > 0) await this.#parts.store.commit(writes, { space: 'reserve' })
  }

  /** Whether the removal is genuine, and by whom this copy may be removed after its birth. */
  isRemovedBy(tombstone: Tombstone, copy: ContentCopy): boolean {
    const { crypto, networkId } = this.#parts
    return covers(tombstone, copy.birth) && isByRemover(tombstone, copy) && isGenuineRemoval(crypto, networkId, tombstone.proof)
  }

  async #record(address: BlockAddress): Promise<Uint8Array | 'damaged' | undefined> {
    try {
      return await this.#parts.store.get('content', address)
    } catch (error) {
      if (!isCoded(error, 'data-corrupt')) throw error
      return 'damaged'
    }
  }

  /** A damaged one is none: what it stood against is found by whoever scrubs. */
  async #tombstone(address: BlockAddress): Promise<Tombstone | undefined> {
    try {
      const bytes = await this.#parts.store.get('tombstone', address)
      return bytes && decodeTombstone(bytes)
    } catch (error) {
      if (!isCoded(error, 'data-corrupt')) throw error
      return undefined
    }
  }
}

const damaged: ContentFinding = { kind: 'damaged' }

export function candidateWrite(due: bigint, address: BlockAddress, { page, key }: StorePlace): RecordWrite {
  return { kind: 'put', family: 'collect', key: candidateKey(due, address), value: candidateReason(page, key) }
}

export function renewalWrites({ address, due, next }: CandidateRenewal, place: StorePlace): RecordWrite[] {
  const settled: RecordWrite = { kind: 'delete', family: 'collect', key: candidateKey(due, address) }
  return next === undefined ? [settled] : [settled, candidateWrite(next, address, place)]
}

function covers({ proof }: Tombstone, birth: bigint): boolean {
  return proof.issued >= birth
}

function isByRemover({ proof }: Tombstone, { header }: ContentCopy): boolean {
  return header.remover.kind === 'key' && equalBytes(header.remover.publicKey, proof.signer)
}
