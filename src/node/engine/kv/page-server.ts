import { CodedError } from '../../../shared/coded-error.ts'
import { nodeIdOf } from '../../core/access/user-keys.ts'
import type { BlockAddress } from '../../core/base/address.ts'
import { emptyBytes, equalBytes } from '../../core/base/bytes.ts'
import { decodeSignedBatch, isGenuineBatch } from '../../core/block/signed-batch.ts'
import { decodeCalledList, decodePageKeys, decodePageSettle, encodeCalledPage, encodeEntries } from '../../core/kv/page-calls.ts'
import type { PageEntryPart } from '../../core/kv/page-entry.ts'
import { decodePagePart } from '../../core/kv/page-entry.ts'
import { encodeResults } from '../../core/kv/page-results.ts'
import type { Crypto } from '../../ports/crypto.ts'
import type { Peer } from '../../ports/transport.ts'
import type { MemberCalls } from '../cluster/ask-member.ts'
import type { CopyReads } from '../cluster/copy-reads.ts'
import type { HostedBlock } from '../consensus/hosted-block.ts'
import { calledEntry } from './called-entry.ts'
import type { PageKeeper } from './page-keeper.ts'
import type { PageLister } from './page-lister.ts'
import { isSignatureOf } from './page-signing.ts'

export interface PageServerParts {
  readonly crypto: Crypto
  readonly networkId: Uint8Array
  readonly lister: PageLister
  readonly keeperAt: (page: BlockAddress) => PageKeeper | undefined
}

/** Answers what other nodes ask of the pages of this node, as their primary. */
export class PageServer {
  readonly #parts: PageServerParts

  constructor(parts: PageServerParts) {
    this.#parts = parts
  }

  /** Before the transport starts. */
  register(calls: MemberCalls): void {
    calls.serve('page-change', (block, body, peer, signal) => this.#change(block, body, peer, signal))
    calls.serve('page-read', (block, body, peer, signal) => this.#read(block, body, peer, signal))
    calls.serve('page-settle', (block, body, peer, signal) => this.#settle(block, body, peer, signal))
    calls.serve('page-list', (block, body, peer, signal) => this.#list(block, body, peer, signal))
  }

  /** Likewise what they ask of the copies that are here. */
  registerCopies(copies: CopyReads, signal: AbortSignal): void {
    copies.answer('page-read', ({ address }, body) => this.#readHere(address, body))
    copies.answer('page-list', ({ address }, body) => this.#listHere(address, body, signal))
  }

  async #change({ address }: HostedBlock, body: Uint8Array, peer: Peer, signal: AbortSignal): Promise<Uint8Array> {
    if (!peer.rights.write) throw new CodedError('permission-denied', 'this node may not write')
    const part = decodePagePart(body)
    if (part === undefined) throw unreadable()
    this.#verify(address, part, peer)
    return encodeResults(await this.#keeperOf(address).decide(part, signal))
  }

  async #read(block: HostedBlock, body: Uint8Array, peer: Peer, signal: AbortSignal): Promise<Uint8Array> {
    if (!peer.rights.read) throw mayNotRead()
    await this.#keeperOf(block.address).readable(signal)
    return await this.#readHere(block.address, body)
  }

  /** Whoever stores values asks this before it lets one go. */
  async #settle({ address }: HostedBlock, body: Uint8Array, peer: Peer, signal: AbortSignal): Promise<Uint8Array> {
    if (!peer.rights.store) throw new CodedError('permission-denied', 'this node may not store')
    const stamp = decodePageSettle(body)
    if (stamp === undefined) throw unreadable()
    await this.#keeperOf(address).settle(stamp, signal)
    return emptyBytes
  }

  async #list(block: HostedBlock, body: Uint8Array, peer: Peer, signal: AbortSignal): Promise<Uint8Array> {
    if (!peer.rights.read) throw mayNotRead()
    await this.#keeperOf(block.address).readable(signal)
    return await this.#listHere(block.address, body, signal)
  }

  async #readHere(page: BlockAddress, body: Uint8Array): Promise<Uint8Array> {
    const keys = decodePageKeys(body)
    if (keys === undefined) throw unreadable()
    const keeper = this.#keeperOf(page)
    return encodeEntries(await Promise.all(keys.map((key) => calledEntry(keeper, key))))
  }

  async #listHere(page: BlockAddress, body: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    const query = decodeCalledList(body)
    if (query === undefined) throw unreadable()
    return encodeCalledPage(await this.#parts.lister.list(page, query, signal))
  }

  /** The batch is what its sender signed, and says what it sent. */
  #verify(page: BlockAddress, part: PageEntryPart, peer: Peer): void {
    const { crypto, networkId } = this.#parts
    const batch = decodeSignedBatch(part.signed)
    const isGenuine =
      batch !== undefined &&
      equalBytes(nodeIdOf(crypto, batch.origin), peer.nodeId) &&
      isSignatureOf(crypto, batch, page, part) &&
      isGenuineBatch(crypto, networkId, batch)
    if (!isGenuine) throw new CodedError('signature-invalid', 'the signature of these changes does not hold')
  }

  #keeperOf(page: BlockAddress): PageKeeper {
    const keeper = this.#parts.keeperAt(page)
    if (keeper === undefined) throw new CodedError('store-not-found', 'this node knows no such page')
    return keeper
  }
}

function unreadable(): CodedError {
  return new CodedError('invalid-argument', 'a call to a page cannot be read')
}

function mayNotRead(): CodedError {
  return new CodedError('permission-denied', 'this node may not read')
}
