/**
 * Request ids as fields of the records that hold them: session (16 bytes, or empty where there is none), then sequence number and time of
 * issue.
 *
 * Invariant: readers bound the fields; whether an id is fresh is asked by who decides about its request.
 */

import { emptyBytes } from './bytes.ts'
import type { CanonicalReader, CanonicalWriter } from './canonical-codec.ts'
import { isHlc } from './hybrid-clock.ts'
import type { RequestId } from './request-id.ts'

const sessionBytes = 16

export function writeRequestId(writer: CanonicalWriter, id: RequestId | undefined): void {
  writer.bytes(id?.session ?? emptyBytes)
  if (id !== undefined) writer.uint(id.sequence).uint(id.issued)
}

export function readRequestId(reader: CanonicalReader): RequestId | undefined {
  const session = reader.bytes(0, sessionBytes)
  if (session.length === 0) return undefined
  const id = { session, sequence: reader.uint64(), issued: reader.uint64() }
  reader.require(session.length === sessionBytes && isHlc(id.issued))
  return id
}
