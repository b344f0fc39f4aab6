import { CodedError } from '../../../shared/coded-error.ts'
import type { BlockAddress } from '../../core/base/address.ts'
import { toHex } from '../../core/base/bytes.ts'
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
import { messageBody } from '../../core/wire/peer-body.ts'
import type { Logger } from '../../ports/logger.ts'
import type { Peer, Transport } from '../../ports/transport.ts'
import type { CaughtUp, ReplicaLink } from '../consensus/replica-link.ts'
import type { PeerSwitch } from './peer-switch.ts'

export interface TransportLinkParts {
  readonly transport: Transport
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

/** Carries what members say about their blocks: what one turn says to a node leaves in one body, of however many blocks it is. */
export class TransportLink implements ReplicaLink {
  readonly #parts: TransportLinkParts
  readonly #outgoing = new Map<string, Outgoing>()
  #scheduled = false

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
    outgoing.messages.push({ address, epoch: this.#parts.epoch(), message })
    outgoing.bytes += bytes
    if (this.#scheduled) return
    this.#scheduled = true
    queueMicrotask(() => this.#flush())
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
  }

  /** What cannot be sent is sent again by the machine's timers. */
  #leave({ nodeId, messages }: Outgoing): void {
    this.#parts.transport.send(nodeId, messageBody('replica', encodeReplicaMessages(messages)))
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
