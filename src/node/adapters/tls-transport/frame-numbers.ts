import type { HelloRefusal } from '../../ports/transport.ts'
import type { PeerFrame } from '../peer-session/peer-frame.ts'

/** Numbers of the kinds in `Frame` of protos/memo/peer/v1/frame.proto. */
export const kindNumbers = {
  hello: 1,
  accepted: 2,
  refused: 2,
  message: 3,
  request: 4,
  reply: 5,
  'body-piece': 6,
  failure: 7,
  cancel: 8,
  'stream-open': 9,
  'stream-piece': 10,
  'stream-end': 11,
  'stream-failure': 12,
  credit: 13,
  ping: 14,
  pong: 15,
} as const satisfies Readonly<Record<PeerFrame['kind'], number>>

export const refusalNumbers: Readonly<Record<HelloRefusal, number>> = {
  malformed: 1,
  'foreign-network': 2,
  version: 3,
  binding: 4,
  'not-who-was-dialled': 5,
  self: 6,
  passport: 7,
  expired: 8,
  revoked: 9,
  clock: 10,
  limit: 11,
  'left-behind': 12,
}

const refusals = new Map(Object.entries(refusalNumbers).map(([reason, number]) => [number, reason as HelloRefusal]))

/** A reason that only a later version knows counts as `version`. */
export function refusalOf(number: number): HelloRefusal {
  return refusals.get(number) ?? 'version'
}
