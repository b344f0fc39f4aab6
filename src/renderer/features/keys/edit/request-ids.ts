import type { RequestId } from '../../../../ipc/contract/key-schemas.ts'

/** The node remembers an id for ten minutes; an older one would count as a new intention. */
const reusableMs = 9 * 60_000

let session: string | undefined
let sequence = 0n

/** A new intention. */
export function newRequestId(nowMs = Date.now()): RequestId {
  session ??= Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')
  sequence += 1n
  return { session, sequence: String(sequence), issuedMs: nowMs }
}

/** A change that was sent and whose outcome is not known. */
export interface Intention {
  readonly id: RequestId
  /** All that makes the change what it is. */
  readonly change: string
}

/** The same id for the same change, so that what was done already is not done twice. */
export function intentionFor(change: string, before: Intention | undefined, nowMs = Date.now()): Intention {
  if (before !== undefined && before.change === change && nowMs - before.id.issuedMs < reusableMs) return before
  return { id: newRequestId(nowMs), change }
}
