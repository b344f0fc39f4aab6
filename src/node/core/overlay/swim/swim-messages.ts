/**
 * What nodes say to each other about who is alive. docs/PROTOCOL.md, Liveness, states the bytes.
 *
 * Invariants: one encoding per message, within bounds; only an alive rumour carries a record, and it is worth nothing before the
 * record's signature was verified. Who sent a message is known from its session and never from its bytes.
 */

import { assert } from '../../../../shared/assert.ts'
import type { CanonicalReader } from '../../base/canonical-codec.ts'
import { CanonicalWriter, choiceIndex, decodeCanonical, recordTag } from '../../base/canonical-codec.ts'
import { nodeIdBytes } from '../../consensus/group.ts'

const format = recordTag('memo/swim/1')

/** The protocol's bounds; how much a node sends is in its limits. */
export const nodeRecordBytesMax = 2048
/** Rumours, entries and wanted nodes of one message. */
export const swimNodesBound = 4096

/** In the order in which the later ones outweigh the earlier ones of the same incarnation. */
export const peerStates = ['alive', 'suspect', 'dead', 'left'] as const
export type PeerState = (typeof peerStates)[number]

/** Which statement of a node about itself is meant; a later one has a higher boot count or, of the same start, a higher incarnation. */
export interface NodeFacts {
  /** 32 bytes. */
  readonly nodeId: Uint8Array
  readonly bootCount: number
  readonly incarnation: number
}

export type Rumour = AliveRumour | Accusation

export interface AliveRumour extends NodeFacts {
  readonly state: 'alive'
  /** As the node signed it, with the same facts inside. */
  readonly record: Uint8Array
}

export interface Accusation extends NodeFacts {
  readonly state: 'suspect' | 'dead' | 'left'
  /** The node that found it. */
  readonly by: Uint8Array
}

export interface DigestEntry extends NodeFacts {
  readonly state: PeerState
}

export type SwimMessage =
  | { readonly kind: 'ping'; readonly sequence: number; readonly rumours: readonly Rumour[] }
  | { readonly kind: 'ack'; readonly sequence: number; readonly rumours: readonly Rumour[] }
  | PingRequest
  /** The target did not answer the helper yet, which is well itself. */
  | { readonly kind: 'nack'; readonly sequence: number }
  | { readonly kind: 'digest'; readonly entries: readonly DigestEntry[] }
  /** What the other one's digest lacks, and the nodes of which it knows later statements. */
  | { readonly kind: 'news'; readonly rumours: readonly Rumour[]; readonly wanted: readonly Uint8Array[] }

export interface PingRequest {
  readonly kind: 'pingRequest'
  readonly sequence: number
  readonly target: Uint8Array
  readonly rumours: readonly Rumour[]
}

const kinds = ['ping', 'ack', 'pingRequest', 'nack', 'digest', 'news'] as const

/** At least as many bytes as the rumour takes in a message. */
export function rumourBytes(rumour: Rumour): number {
  return 64 + (rumour.state === 'alive' ? rumour.record.length : nodeIdBytes)
}

export function encodeSwimMessage(message: SwimMessage): Uint8Array {
  const writer = new CanonicalWriter(format, 512).uint(choiceIndex(kinds, message.kind))
  switch (message.kind) {
    case 'ping':
    case 'ack':
      return writer.uint(message.sequence).list(message.rumours, writeRumour).finish()
    case 'pingRequest':
      return writer.uint(message.sequence).bytes(message.target).list(message.rumours, writeRumour).finish()
    case 'nack':
      return writer.uint(message.sequence).finish()
    case 'digest':
      return writer.list(message.entries, writeEntry).finish()
    case 'news':
      return writer
        .list(message.rumours, writeRumour)
        .list(message.wanted, (nodeId, item) => item.bytes(nodeId))
        .finish()
  }
}

/** Undefined when the bytes are no such message. */
export function decodeSwimMessage(bytes: Uint8Array): SwimMessage | undefined {
  return decodeCanonical(format, bytes, (reader): SwimMessage => {
    const kind = reader.choice(kinds)
    switch (kind) {
      case 'ping':
      case 'ack':
        return { kind, sequence: reader.uint(), rumours: readRumours(reader) }
      case 'pingRequest':
        return { kind, sequence: reader.uint(), target: reader.fixed(nodeIdBytes), rumours: readRumours(reader) }
      case 'nack':
        return { kind, sequence: reader.uint() }
      case 'digest':
        return { kind, entries: reader.list(swimNodesBound, readEntry) }
      case 'news':
        return { kind, rumours: readRumours(reader), wanted: reader.list(swimNodesBound, (item) => item.fixed(nodeIdBytes)) }
    }
  })
}

function writeRumour(rumour: Rumour, writer: CanonicalWriter): void {
  writeEntry(rumour, writer)
  if (rumour.state === 'alive') {
    assert(rumour.record.length > 0 && rumour.record.length <= nodeRecordBytesMax, 'a node record is within its bound')
    writer.bytes(rumour.record)
  } else writer.bytes(rumour.by)
}

function readRumours(reader: CanonicalReader): Rumour[] {
  return reader.list(swimNodesBound, (item): Rumour => {
    const { state, ...facts } = readEntry(item)
    if (state === 'alive') return { ...facts, state, record: item.bytes(1, nodeRecordBytesMax) }
    return { ...facts, state, by: item.fixed(nodeIdBytes) }
  })
}

function writeEntry(entry: DigestEntry, writer: CanonicalWriter): void {
  writer.bytes(entry.nodeId).uint(entry.bootCount).uint(entry.incarnation).uint(choiceIndex(peerStates, entry.state))
}

function readEntry(reader: CanonicalReader): DigestEntry {
  return {
    nodeId: reader.fixed(nodeIdBytes),
    bootCount: reader.uint(),
    incarnation: reader.uint(),
    state: reader.choice(peerStates),
  }
}

/** Above 0 where `left` is the later statement of the node. */
export function compareFacts(left: NodeFacts, right: NodeFacts): number {
  return left.bootCount - right.bootCount || left.incarnation - right.incarnation
}
