import type { PeerFailure, PeerFrame } from '../peer-session/peer-frame.ts'
import { kindNumbers, refusalNumbers } from './frame-numbers.ts'
import { apartBytesMin, WireWriter } from './wire-writer.ts'

/** All frames of a write in one piece of memory, but for what is large, which stays where it is: the pieces follow each other. */
export function encodeFrames(frames: readonly PeerFrame[]): readonly Uint8Array[] {
  let bytes = 0
  for (const frame of frames) bytes += expectedBytes(frame)
  const writer = new WireWriter(bytes)
  for (const frame of frames) writer.frame(() => writeFrame(writer, frame))
  return writer.finish()
}

const smallFrameBytes = 48

function expectedBytes(frame: PeerFrame): number {
  if (frame.kind === 'message') return frame.bodies.reduce((sum, body) => sum + copiedBytes(body) + 5, smallFrameBytes)
  if ('body' in frame) return copiedBytes(frame.body) + smallFrameBytes
  return 'bytes' in frame && typeof frame.bytes !== 'number' ? copiedBytes(frame.bytes) + smallFrameBytes : smallFrameBytes
}

function copiedBytes({ length }: Uint8Array): number {
  return length < apartBytesMin ? length : 0
}

function writeFrame(writer: WireWriter, frame: PeerFrame): void {
  writer.message(kindNumbers[frame.kind], () => writeContent(writer, frame))
}

function writeContent(writer: WireWriter, frame: PeerFrame): void {
  switch (frame.kind) {
    case 'hello':
      writer.bytes(1, frame.hello)
      writer.uint(2, frame.dial)
      break
    case 'accepted':
      writer.bool(2, frame.joiner)
      writer.uint(3, frame.dials)
      break
    case 'refused':
      writer.uint(1, refusalNumbers[frame.reason])
      break
    case 'message':
      for (const body of frame.bodies) writer.bytes(1, body)
      break
    case 'ping':
    case 'pong':
      writer.uint(1, frame.count)
      break
    default:
      writer.uint(1, frame.id)
      writeNumbered(writer, frame)
  }
}

type NumberedFrame = Extract<PeerFrame, { readonly id: number }>

function writeNumbered(writer: WireWriter, frame: NumberedFrame): void {
  switch (frame.kind) {
    case 'request':
      writer.bytes(2, frame.body)
      writer.uint(3, frame.size - frame.body.length)
      writer.bool(4, frame.bulk)
      break
    case 'reply':
      writer.bytes(2, frame.body)
      writer.uint(3, frame.size - frame.body.length)
      break
    case 'body-piece':
      writer.bytes(2, frame.bytes)
      writer.bool(3, frame.reply)
      break
    case 'stream-open':
      writer.bytes(2, frame.body)
      break
    case 'stream-piece':
      writer.bytes(2, frame.bytes)
      break
    case 'stream-end':
      writer.bool(2, frame.closed)
      break
    case 'credit':
      writer.uint(2, frame.bytes)
      break
    case 'failure':
    case 'stream-failure':
      writeFailure(writer, frame.failure)
      break
    case 'cancel':
      break
  }
}

function writeFailure(writer: WireWriter, { code, message, details }: PeerFailure): void {
  writer.text(2, code)
  writer.text(3, message)
  for (const [name, value] of Object.entries(details)) {
    writer.message(4, () => {
      writer.text(1, name)
      if (typeof value === 'number') writer.double(3, value)
      else writer.text(2, String(value))
    })
  }
}
