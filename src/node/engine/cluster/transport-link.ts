import { CodedError } from '../../../shared/coded-error.ts'
import type { BlockAddress } from '../../core/base/address.ts'
import { equalBytes, toHex } from '../../core/base/bytes.ts'
import type { Limits } from '../../core/base/limits.ts'
import { compareBallots } from '../../core/consensus/ballot.ts'
import type { Member } from '../../core/consensus/group.ts'
import type { ReplicaMessage } from '../../core/consensus/replica-events.ts'
import type { AddressedMessage } from '../../core/consensus/replica-message-codec.ts'
import {
  decodeReplicaMessages,
  encodeReplicaMessages,
  replicaBodyBytesMax,
  replicaBodyHeadBytes,
  replicaBodyMessagesMax,
  replicaMessageBytes,
} from '../../core/consensus/replica-message-codec.ts'
import { messageNumber } from '../../core/wire/peer-body.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Logger } from '../../ports/logger.ts'
import type { Peer, Transport } from '../../ports/transport.ts'
import type { CaughtUp, ReplicaLink } from '../consensus/replica-link.ts'
import type { PeerSwitch } from './peer-switch.ts'

export interface TransportLinkParts {
  readonly transport: Transport
  readonly clock: Clock
  readonly limits: Pick<Limits, 'committedCompanyMs'>
  readonly logger: Logger
  /** Of the placement map by which this node acts. */
  readonly epoch: () => number
  /** A peer acts by a newer map than this node. */
  readonly newerEpoch: (peer: Peer, epoch: number) => void
  readonly receive: (from: Member, address: BlockAddress, message: ReplicaMessage, epoch: number) => void
  readonly catchUp: (from: Member, address: BlockAddress, since: number, signal: AbortSignal) => Promise<CaughtUp>
}

/** What is to leave for one node at the end of this turn. */
interface Outgoing {
  readonly nodeId: Uint8Array
  messages: AddressedMessage[]
  bytes: number
}

/** Bodies that may be equal are those that leave in one turn. */
interface Encoded {
  readonly messages: readonly AddressedMessage[]
  readonly body: Uint8Array
}

/**
 * Carries what members say about their blocks: what one turn says to a node leaves in one body, of however many blocks it is. What is
 * committed is not in a hurry, since nobody waits for it where it is heard: it leaves with the next message to that node, which mostly says it itself,
 * or by itself a little later.
 */
export class TransportLink implements ReplicaLink {
  readonly #parts: TransportLinkParts
  readonly #outgoing = new Map<string, Outgoing>()
  #scheduled = false
  #isLate = false
  #encoded: Encoded | undefined

  constructor(parts: TransportLinkParts) {
    this.#parts = parts
  }

  /** Before the transport starts. */
  register(peers: PeerSwitch): void {
    peers.onMessage('replica', (peer, body) => this.#arrived(peer, body))
  }

  send(to: Member, address: BlockAddress, message: ReplicaMessage): void {
    const bytes = replicaMessageBytes(message)
    const name = toHex(to.nodeId)
    let outgoing = this.#outgoing.get(name)
    if (outgoing !== undefined && this.#isFull(outgoing, bytes)) {
      this.#leave(outgoing)
      outgoing = undefined
    }
    if (outgoing === undefined) {
      outgoing = { nodeId: to.nodeId, messages: [], bytes: replicaBodyHeadBytes }
      this.#outgoing.set(name, outgoing)
    }
    // Whatever waits of this block and says less.
    const before = outgoing.messages.at(-1)
    if (before?.message.kind === 'committed' && isSaidBy(before, address, message)) outgoing.messages.pop()
    outgoing.messages.push({ address, epoch: this.#parts.epoch(), message })
    outgoing.bytes += bytes
    if (message.kind === 'committed') this.#flushLate()
    else if (!this.#scheduled) {
      this.#scheduled = true
      queueMicrotask(() => this.#flush())
    }
  }

  #flushLate(): void {
    if (this.#scheduled || this.#isLate) return
    this.#isLate = true
    const { clock, limits } = this.#parts
    clock.after(limits.committedCompanyMs, () => {
      this.#isLate = false
      this.#flush()
    })
  }

  async catchUp(from: Member, address: BlockAddress, since: number, signal: AbortSignal): Promise<CaughtUp> {
    return await this.#parts.catchUp(from, address, since, signal)
  }

  #isFull({ messages, bytes }: Outgoing, more: number): boolean {
    return messages.length >= replicaBodyMessagesMax || bytes + more > replicaBodyBytesMax
  }

  #flush(): void {
    this.#scheduled = false
    for (const outgoing of this.#outgoing.values()) this.#leave(outgoing)
    this.#outgoing.clear()
    this.#encoded = undefined
  }

  /** What cannot be sent is sent again by the machine's timers. */
  #leave({ nodeId, messages }: Outgoing): void {
    this.#parts.transport.send(nodeId, this.#bodyOf(messages))
  }

  /** The members of a group are mostly told the same: it is made bytes once. */
  #bodyOf(messages: readonly AddressedMessage[]): Uint8Array {
    if (this.#encoded !== undefined && areSame(this.#encoded.messages, messages)) return this.#encoded.body
    const body = encodeReplicaMessages(messages, messageNumber('replica'))
    this.#encoded = { messages, body }
    return body
  }

  #arrived(peer: Peer, body: Uint8Array): void {
    const messages = decodeReplicaMessages(body)
    if (messages === undefined) {
      const error = new CodedError('invalid-argument', 'a node sent messages that cannot be read')
      this.#parts.logger.warn('messages about blocks were not understood', { error })
      return
    }
    const from = { nodeId: peer.nodeId, storeId: peer.storeId }
    for (const { address, epoch, message } of messages) {
      if (epoch > this.#parts.epoch()) this.#parts.newerEpoch(peer, epoch)
      this.#parts.receive(from, address, message, epoch)
    }
  }
}

function areSame(left: readonly AddressedMessage[], right: readonly AddressedMessage[]): boolean {
  if (left.length !== right.length) return false
  return left.every(({ address, epoch, message }, index) => {
    const other = right[index]
    return message === other?.message && epoch === other.epoch && equalBytes(address, other.address)
  })
}

/** Whether a message says as much of what is committed as the one before it does. */
function isSaidBy({ address, message: before }: AddressedMessage, of: BlockAddress, message: ReplicaMessage): boolean {
  if (before.kind !== 'committed' || (message.kind !== 'accept' && message.kind !== 'committed')) return false
  const committed = message.kind === 'accept' ? message.committed : message.index
  const isNewer = message.groupIndex === before.groupIndex && committed >= before.index
  return isNewer && compareBallots(message.ballot, before.ballot) === 0 && equalBytes(address, of)
}
