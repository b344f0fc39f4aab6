import type { ErrorCode } from '../../../shared/coded-error.ts'
import { errorCodes } from '../../../shared/coded-error.ts'
import { emptyBytes } from '../../core/base/bytes.ts'
import { failureDetailsMax, failureMessageMax, failureTextMax } from '../peer-session/peer-failure.ts'
import type { PeerFailure, PeerFrame } from '../peer-session/peer-frame.ts'
import { kindNumbers as kinds, refusalOf } from './frame-numbers.ts'
import { MalformedWire, WireReader } from './wire-reader.ts'

/** Undefined where the bytes are no frame of a kind that is known. Fields that are not known are passed over. */
export function decodeFrame(bytes: Uint8Array): PeerFrame | undefined {
  try {
    let frame: PeerFrame | undefined
    const reader = new WireReader(bytes)
    reader.fields((field, type) => {
      if (frame !== undefined) throw new MalformedWire('a frame has one content')
      if (type !== 2) return false
      frame = readContent(field, reader.message())
      return true
    })
    return frame
  } catch (error) {
    if (error instanceof MalformedWire) return undefined
    throw error
  }
}

function readContent(kind: number, reader: WireReader): PeerFrame {
  switch (kind) {
    case kinds.message:
      return { kind: 'message', bodies: readBodies(reader) }
    case kinds.failure:
      return { kind: 'failure', ...readFailure(reader) }
    case kinds['stream-failure']:
      return { kind: 'stream-failure', ...readFailure(reader) }
    case kinds.hello: {
      const { bytes, second } = readPlain(reader, 1)
      return { kind: 'hello', hello: bytes, dial: second }
    }
    case kinds.accepted: {
      const { first, second, third } = readPlain(reader, 0)
      return first === 0
        ? { kind: 'accepted', joiner: second !== 0, dials: third }
        : { kind: 'refused', reason: refusalOf(first) }
    }
    case kinds.request: {
      const { first, bytes, third, fourth } = readPlain(reader, 2)
      return { kind: 'request', id: first, body: bytes, size: bytes.length + third, bulk: fourth !== 0 }
    }
    case kinds.reply: {
      const { first, bytes, third } = readPlain(reader, 2)
      return { kind: 'reply', id: first, body: bytes, size: bytes.length + third }
    }
    default:
      return readSmallContent(kind, reader)
  }
}

function readSmallContent(kind: number, reader: WireReader): PeerFrame {
  const { first: id, second, third, bytes } = readPlain(reader, 2)
  switch (kind) {
    case kinds['body-piece']:
      return { kind: 'body-piece', id, reply: third !== 0, bytes }
    case kinds.cancel:
      return { kind: 'cancel', id }
    case kinds['stream-open']:
      return { kind: 'stream-open', id, body: bytes }
    case kinds['stream-piece']:
      return { kind: 'stream-piece', id, bytes }
    case kinds['stream-end']:
      return { kind: 'stream-end', id, closed: second !== 0 }
    case kinds.credit:
      return { kind: 'credit', id, bytes: second }
    case kinds.ping:
      return { kind: 'ping', count: id }
    case kinds.pong:
      return { kind: 'pong', count: id }
    default:
      throw new MalformedWire('a frame is of a known kind')
  }
}

interface PlainFields {
  first: number
  second: number
  third: number
  fourth: number
  bytes: Uint8Array
}

/** Contents of numbers in the fields 1 to 4 and of bytes in one of them. */
function readPlain(reader: WireReader, bytesField: number): PlainFields {
  const plain: PlainFields = { first: 0, second: 0, third: 0, fourth: 0, bytes: emptyBytes }
  reader.fields((field, type) => {
    if (type === 2 && field === bytesField) plain.bytes = reader.bytes()
    else if (type !== 0 || field > 4) return false
    else if (field === 1) plain.first = reader.uint()
    else if (field === 2) plain.second = reader.uint()
    else if (field === 3) plain.third = reader.uint()
    else plain.fourth = reader.uint()
    return true
  })
  return plain
}

function readBodies(reader: WireReader): Uint8Array[] {
  const bodies: Uint8Array[] = []
  reader.fields((field, type) => {
    if (field !== 1 || type !== 2) return false
    bodies.push(reader.bytes())
    return true
  })
  return bodies
}

/** Bytes of one letter in UTF-8, where letters are counted as ECMAScript does. */
const letterBytesMax = 3

const knownCodes: ReadonlySet<string> = new Set(errorCodes)

function readFailure(reader: WireReader): { readonly id: number; readonly failure: PeerFailure } {
  const details: Record<string, string | number> = {}
  let [id, code, message, count] = [0, '', '', 0]
  reader.fields((field, type) => {
    if (field === 1 && type === 0) id = reader.uint()
    else if (field === 2 && type === 2) code = reader.text(failureTextMax)
    else if (field === 3 && type === 2) message = reader.text(failureMessageMax * letterBytesMax)
    else if (field === 4 && type === 2) {
      count += 1
      if (count > failureDetailsMax) throw new MalformedWire('a failure has few details')
      const [name, value] = readDetail(reader.message())
      // Not by assignment, for which `__proto__` would be no name.
      if (value !== undefined)
        Object.defineProperty(details, name, { value, enumerable: true, configurable: true, writable: true })
    } else return false
    return true
  })
  return { id, failure: { code: knownCodes.has(code) ? (code as ErrorCode) : 'internal', message, details } }
}

function readDetail(reader: WireReader): readonly [name: string, value: string | number | undefined] {
  let name = ''
  let value: string | number | undefined
  reader.fields((field, type) => {
    if (field === 1 && type === 2) name = reader.text(failureTextMax * letterBytesMax)
    else if (field === 2 && type === 2) value = reader.text(failureTextMax * letterBytesMax)
    else if (field === 3 && type === 1) value = reader.double()
    else return false
    return true
  })
  return [name, value]
}
