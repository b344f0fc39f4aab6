/**
 * What a node asks of the primary of a signed block, and what that answers. A change travels as the entry that it becomes. docs/PROTOCOL.md,
 * Calls on signed blocks, states the bytes.
 *
 * Invariant: whoever gets an answer verifies the version in it; a version that is not genuine is damage, whoever sent it.
 */

import type { CanonicalReader } from '../base/canonical-codec.ts'
import { CanonicalWriter, choiceIndex, decodeCanonical, recordTag } from '../base/canonical-codec.ts'
import { isHlc } from '../base/hybrid-clock.ts'
import type { RequestId } from '../base/request-id.ts'
import { readRequestId, writeRequestId } from '../base/request-id-codec.ts'

const readFormat = recordTag('memo/block-read/1')
const readAnswerFormat = recordTag('memo/block-read-answer/1')
const changeAnswerFormat = recordTag('memo/block-change-answer/1')

const standingKinds = ['absent', 'removed', 'map', 'signed'] as const
const changeAnswerKinds = ['applied', 'conflict', 'unfit', 'repeated'] as const
const outcomeBytesMax = 128
const signedBytesMax = 6 * 1024 * 1024

/** A block as its primary has it. */
export type BlockStanding =
  | { readonly kind: 'absent' }
  /** HLC of the birth of the life that ended: a new one has a higher. */
  | { readonly kind: 'removed'; readonly generation: bigint }
  | { readonly kind: 'map'; readonly generation: bigint; readonly version: bigint; readonly recordBytes: number }
  /** The version as its writer signed it. */
  | { readonly kind: 'signed'; readonly signed: Uint8Array }

export interface BlockReadAnswer {
  readonly standing: BlockStanding
  /** Of the request id that the question named, in the encoding of its record. */
  readonly outcome: Uint8Array | undefined
}

export type BlockChangeAnswer =
  | { readonly kind: 'applied' }
  /** Nothing was changed; where there is a request id that is its outcome. */
  | { readonly kind: 'conflict'; readonly standing: BlockStanding }
  /** It was not proposed: the block is another than its origin has seen, and a request id is not spent. */
  | { readonly kind: 'unfit'; readonly standing: BlockStanding }
  /** The request id was decided before. */
  | { readonly kind: 'repeated'; readonly standing: BlockStanding; readonly outcome: Uint8Array }

export function encodeBlockRead(requestId: RequestId | undefined): Uint8Array {
  const writer = new CanonicalWriter(readFormat, 64)
  writeRequestId(writer, requestId)
  return writer.finish()
}

export function decodeBlockRead(bytes: Uint8Array): { readonly requestId: RequestId | undefined } | undefined {
  return decodeCanonical(readFormat, bytes, (reader) => ({ requestId: readRequestId(reader) }))
}

export function encodeBlockReadAnswer({ standing, outcome }: BlockReadAnswer): Uint8Array {
  const writer = new CanonicalWriter(readAnswerFormat, 256 + standingBytes(standing))
  writeStanding(writer, standing)
  return writer.list(outcome === undefined ? [] : [outcome], (each, item) => item.bytes(each)).finish()
}

export function decodeBlockReadAnswer(bytes: Uint8Array): BlockReadAnswer | undefined {
  return decodeCanonical(readAnswerFormat, bytes, (reader) => {
    const standing = readStanding(reader)
    const [outcome] = reader.list(1, (item) => item.bytes(0, outcomeBytesMax))
    return { standing, outcome }
  })
}

export function encodeBlockChangeAnswer(answer: BlockChangeAnswer): Uint8Array {
  const bytes = answer.kind === 'applied' ? 64 : 256 + standingBytes(answer.standing)
  const writer = new CanonicalWriter(changeAnswerFormat, bytes).uint(choiceIndex(changeAnswerKinds, answer.kind))
  if (answer.kind !== 'applied') writeStanding(writer, answer.standing)
  if (answer.kind === 'repeated') writer.bytes(answer.outcome)
  return writer.finish()
}

export function decodeBlockChangeAnswer(bytes: Uint8Array): BlockChangeAnswer | undefined {
  return decodeCanonical(changeAnswerFormat, bytes, (reader): BlockChangeAnswer => {
    const kind = reader.choice(changeAnswerKinds)
    if (kind === 'applied') return { kind }
    const standing = readStanding(reader)
    return kind === 'repeated' ? { kind, standing, outcome: reader.bytes(0, outcomeBytesMax) } : { kind, standing }
  })
}

function standingBytes(standing: BlockStanding): number {
  return standing.kind === 'signed' ? standing.signed.length : 0
}

function writeStanding(writer: CanonicalWriter, standing: BlockStanding): void {
  writer.uint(choiceIndex(standingKinds, standing.kind))
  switch (standing.kind) {
    case 'absent':
      return
    case 'removed':
      writer.uint(standing.generation)
      return
    case 'map':
      writer.uint(standing.generation).uint(standing.version).uint(standing.recordBytes)
      return
    case 'signed':
      writer.bytes(standing.signed)
  }
}

function readStanding(reader: CanonicalReader): BlockStanding {
  const kind = reader.choice(standingKinds)
  switch (kind) {
    case 'absent':
      return { kind }
    case 'removed':
      return { kind, generation: readGeneration(reader) }
    case 'map':
      return { kind, generation: readGeneration(reader), version: reader.uint64(), recordBytes: reader.uint() }
    case 'signed':
      return { kind, signed: reader.bytes(1, signedBytesMax) }
  }
}

function readGeneration(reader: CanonicalReader): bigint {
  const generation = reader.uint64()
  reader.require(isHlc(generation))
  return generation
}
