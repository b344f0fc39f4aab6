import { execFileSync } from 'node:child_process'
import type { DescMessage } from '@bufbuild/protobuf'
import { create, createFileRegistry, fromBinary, toBinary } from '@bufbuild/protobuf'
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import { expect, test } from 'vitest'
import type { PeerFrame } from '../../../src/node/adapters/peer-session/peer-frame.ts'
import { decodeFrame } from '../../../src/node/adapters/tls-transport/decode-frame.ts'
import { encodeFrames } from '../../../src/node/adapters/tls-transport/encode-frames.ts'
import { FrameParser } from '../../../src/node/adapters/tls-transport/frame-parser.ts'
import { helloRefusals } from '../../../src/node/ports/transport.ts'

const bytes = (length: number, from = 0) => new Uint8Array(length).map((_, index) => (index + from) % 256)
const largeId = 2 ** 50 + 3

const frames: readonly PeerFrame[] = [
  { kind: 'hello', hello: bytes(300), dial: largeId },
  { kind: 'hello', hello: bytes(0), dial: 0 },
  { kind: 'accepted', joiner: true, dials: 7 },
  { kind: 'accepted', joiner: false, dials: 0 },
  ...helloRefusals.map((reason) => ({ kind: 'refused', reason }) as const),
  { kind: 'message', bodies: [bytes(0), bytes(1), bytes(127), bytes(128), bytes(20_000)] },
  { kind: 'request', id: largeId, body: bytes(5000), size: 5000, bulk: false },
  { kind: 'request', id: 1, body: bytes(65_536), size: 4_000_000, bulk: true },
  { kind: 'reply', id: 1, body: bytes(0), size: 0 },
  { kind: 'reply', id: 2, body: bytes(10), size: 90_000 },
  { kind: 'body-piece', id: 3, reply: true, bytes: bytes(100) },
  { kind: 'body-piece', id: 3, reply: false, bytes: bytes(100) },
  {
    kind: 'failure',
    id: 9,
    failure: { code: 'queue-full', message: 'ü'.repeat(340), details: { a: 1.5, b: 'text', __proto: 0 } },
  },
  { kind: 'stream-failure', id: 9, failure: { code: 'internal', message: '', details: {} } },
  { kind: 'cancel', id: 4 },
  { kind: 'stream-open', id: 5, body: bytes(50) },
  { kind: 'stream-piece', id: 6, bytes: bytes(65_536) },
  { kind: 'stream-end', id: 7, closed: true },
  { kind: 'stream-end', id: 7, closed: false },
  { kind: 'credit', id: 8, bytes: 300_000 },
  { kind: 'ping', count: 12 },
  { kind: 'pong', count: 12 },
]

/** `Frame` as the proto declares it. */
function frameSchema(): DescMessage {
  const image = execFileSync('npx', ['buf', 'build', 'protos', '--path', 'protos/memo/peer', '-o', '-#format=binpb'])
  const schema = createFileRegistry(fromBinary(FileDescriptorSetSchema, image)).getMessage('memo.peer.v1.Frame')
  if (schema === undefined) throw new Error('the proto declares a frame')
  return schema
}

function payloadOf(frame: PeerFrame): Uint8Array {
  const encoded = Buffer.concat(encodeFrames([frame]))
  expect(encoded.readUInt32BE(0)).toBe(encoded.length - 4)
  return new Uint8Array(encoded.subarray(4))
}

test('every frame comes back as it went', () => {
  const large: PeerFrame = { kind: 'message', bodies: [bytes(40_000), bytes(3), bytes(70_000, 9)] }
  for (const frame of [...frames, large]) expect(decodeFrame(payloadOf(frame))).toEqual(frame)
})

test('a frame is what the proto says, to a reader and from a writer that know nothing else', { timeout: 60_000 }, () => {
  const schema = frameSchema()
  for (const frame of frames) {
    const message = fromBinary(schema, payloadOf(frame))
    expect(message.$unknown, frame.kind).toBeUndefined()
    expect(decodeFrame(toBinary(schema, message))).toEqual(frame)
  }
  const request = { content: { case: 'request', value: { id: 5n, body: bytes(3), rest: 9n, bulk: true } } }
  const decoded = decodeFrame(toBinary(schema, create(schema, request as never)))
  expect(decoded).toEqual({ kind: 'request', id: 5, body: bytes(3), size: 12, bulk: true })
})

test('a code that is not known counts as internal, and a reason that is not known as another version', () => {
  expect(decodeFrame(Uint8Array.of(0x3a, 7, 8, 1, 0x12, 3, 0x61, 0x62, 0x63))).toMatchObject({ failure: { code: 'internal' } })
  expect(decodeFrame(Uint8Array.of(0x12, 2, 8, 77))).toEqual({ kind: 'refused', reason: 'version' })
})

test('the name of a detail is only a name', () => {
  const failure = Buffer.from('3a1708012203616263', 'hex')
  expect(decodeFrame(failure)).toBeUndefined()
  const detail = Buffer.concat([Buffer.from([0x0a, 9]), Buffer.from('__proto__'), Buffer.from([0x12, 1, 0x78])])
  const content = Buffer.concat([Buffer.from([8, 1, 0x22, detail.length]), detail])
  const frame = decodeFrame(Buffer.concat([Buffer.from([0x3a, content.length]), content]))
  if (frame?.kind !== 'failure') throw new Error('it is a failure')
  expect(Object.keys(frame.failure.details)).toEqual(['__proto__'])
  expect(Object.getPrototypeOf(frame.failure.details)).toBe(Object.prototype)
})

test('no prefix of a frame and no damage of it throws or reads beyond it', () => {
  for (const frame of frames) {
    const whole = payloadOf(frame)
    const step = Math.max(1, Math.floor(whole.length / 200))
    for (let length = 0; length < whole.length; length += step) {
      expect(decodeFrame(whole.subarray(0, length)), `${frame.kind} of ${length}`).toBeUndefined()
    }
    for (let at = 0; at < Math.min(whole.length, 60); at++) {
      for (const value of [0, 0x7f, 0x80, 0xff]) decodeFrame(whole.with(at, value))
    }
  }
})

test.each([
  ['nothing', ''],
  ['an unknown kind', '820100'],
  ['two contents', '720208017a020801'],
  ['a group', '0b0c'],
  ['a number beyond 2^53', '720aff08ffffffffffffffff7f'],
  ['a length beyond its frame', '72ff01'],
  ['a length beyond 32 bits', '72ffffffffff0f'],
])('%s is malformed', (_name, hex) => {
  expect(decodeFrame(Buffer.from(hex, 'hex'))).toBeUndefined()
})

test('fields that are not known are passed over', () => {
  expect(decodeFrame(Buffer.from('720b0805' + '9001ff01' + '5a0161' + '6000', 'hex'))).toEqual({ kind: 'ping', count: 5 })
})

test('the parser gives whole frames however they are cut, and keeps no backlog', () => {
  const all = Buffer.concat(encodeFrames(frames))
  const wanted = frames.map(payloadOf)
  for (const step of [1, 3, 7, 1000, 65_536, all.length]) {
    const parser = new FrameParser(1_000_000)
    const given: Uint8Array[] = []
    for (let at = 0; at < all.length; at += step) {
      expect(parser.push(all.subarray(at, at + step), (frame) => given.push(new Uint8Array(frame)) > 0)).toBe(true)
    }
    expect(given).toHaveLength(wanted.length)
    expect(given.every((frame, index) => Buffer.compare(frame, wanted[index] ?? Buffer.alloc(0)) === 0)).toBe(true)
  }
})

test.each([0, 101, 2 ** 32 - 1])('a length of %i is malformed before anything else arrives', (length) => {
  const head = Buffer.alloc(4)
  head.writeUInt32BE(length)
  expect(new FrameParser(100).push(head, () => true)).toBe(false)
  const parser = new FrameParser(100)
  for (const byte of head.subarray(0, 3)) expect(parser.push(Buffer.of(byte), () => true)).toBe(true)
  expect(parser.push(head.subarray(3), () => true)).toBe(false)
})
