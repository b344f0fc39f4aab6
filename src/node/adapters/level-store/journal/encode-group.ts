/** Lays the frames of one write one after the other, with the segment's header before them where that is due. */

import type { JournalPosition } from '../index/index-state.ts'
import type { OverlayEntry } from '../overlay.ts'
import type { FrameKind, FrameSize, FrameWrite, Place } from './frame-codec.ts'
import { alignFrame, encodeFrame, familyCode, frameHeaderBytes } from './frame-codec.ts'
import { encodeSegmentHeader, segmentHeaderBytes } from './segment-format.ts'

export interface FrameToEncode {
  readonly kind: FrameKind
  readonly writes: readonly FrameWrite[]
  readonly size: FrameSize
}

export interface GroupPlace {
  /** Used unless the group is larger. */
  readonly scratch: Buffer
  readonly salt: Uint8Array
  readonly seed: number
  readonly segment: number
  readonly segmentBytes: number
  readonly writesHeader: boolean
  /** Where the first frame goes. */
  readonly offset: number
  /** Of the last durable frame. */
  readonly sequence: number
  readonly inlinePayloadBytesMax: number
}

export interface EncodedFrame {
  readonly entries: readonly OverlayEntry[]
  readonly end: JournalPosition
  readonly length: number
}

export interface EncodedGroup {
  /** To be written from `from`, one after the other. Payloads stay where they are. */
  readonly buffers: readonly Uint8Array[]
  readonly from: number
  readonly frames: readonly EncodedFrame[]
}

const paddingBytesMax = 7

export function encodeGroup(waiting: readonly FrameToEncode[], place: GroupPlace): EncodedGroup {
  const { scratch, salt, segment, inlinePayloadBytesMax, sequence: syncedThrough } = place
  const headerBytes = place.writesHeader ? segmentHeaderBytes : 0
  let length = headerBytes
  for (const { size } of waiting) length += frameHeaderBytes + size.operationsLength + paddingBytesMax
  const buffer = length <= scratch.length ? scratch : Buffer.allocUnsafeSlow(length)
  if (headerBytes > 0) {
    encodeSegmentHeader(salt, { segment, firstSequence: syncedThrough + 1, size: place.segmentBytes }).copy(buffer)
  }
  const buffers: Uint8Array[] = []
  const frames: EncodedFrame[] = []
  let { sequence, offset } = place
  let at = headerBytes
  let pending = 0
  for (const { kind, writes, size } of waiting) {
    const entries: OverlayEntry[] = []
    const context = { seed: place.seed, segment, offset, sequence: ++sequence, syncedThrough, inlinePayloadBytesMax }
    const operationsEnd = at + frameHeaderBytes + size.operationsLength
    const places: Place[] = []
    encodeFrame(buffer, at, kind, writes, size, context, (payload, payloadPlace) => {
      if (pending < operationsEnd) buffers.push(buffer.subarray(pending, operationsEnd))
      pending = operationsEnd
      buffers.push(payload)
      places.push(payloadPlace)
    })
    collectEntries(writes, places, inlinePayloadBytesMax, sequence, entries)
    at = operationsEnd
    const padding = alignFrame(size.payloadsLength) - size.payloadsLength
    buffer.fill(0, at, at + padding)
    at += padding
    offset += size.frameLength
    frames.push({ entries, end: { segment, offset, sequence }, length: size.frameLength })
  }
  if (pending < at) buffers.push(buffer.subarray(pending, at))
  return { buffers, frames, from: place.offset - headerBytes }
}

function collectEntries(
  writes: readonly FrameWrite[],
  places: readonly Place[],
  inlinePayloadBytesMax: number,
  sequence: number,
  entries: OverlayEntry[],
): void {
  let next = 0
  for (const write of writes) {
    const family = familyCode(write.family)
    const { key } = write
    if (write.kind === 'delete') {
      entries.push({ family, key, sequence, value: undefined, place: undefined, movedFrom: undefined, isNew: false })
    } else if (write.kind === 'put' && write.value.length <= inlinePayloadBytesMax) {
      const isNew = write.isNew === true
      entries.push({ family, key, sequence, value: write.value, place: undefined, movedFrom: undefined, isNew })
    } else {
      const movedFrom = write.kind === 'move' ? write.from : undefined
      const isNew = write.kind === 'put' && write.isNew === true
      entries.push({ family, key, sequence, value: undefined, place: places[next++], movedFrom, isNew })
    }
  }
}
