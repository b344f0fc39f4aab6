import { ORPCError } from '@orpc/server'
import type { Failure } from '../../../src/ipc/contract/common-schemas.ts'
import type { ControlContext } from '../../../src/node/api/control/control-base.ts'
import type { Clock } from '../../../src/node/ports/clock.ts'

/** What every procedure is called with, for tests of single handlers. */
export function controlContext(clock: Clock, changes: Partial<ControlContext> = {}): ControlContext {
  return {
    clock,
    random: { bytes: (count) => new Uint8Array(count).fill(7), integerBelow: () => 0 },
    observer: { controlCallEnded: () => {}, controlCallFailed: ({ error }) => void reported.push(error), wireFailed: () => {} },
    isReadOnly: () => false,
    callTimeoutMs: 30_000,
    ...changes,
  }
}

/** Bugs that handlers met: what a test did not expect. */
const reported: unknown[] = []

/** The declared failure of a call that must fail. */
export async function failureOfCall(call: Promise<unknown>): Promise<Failure> {
  try {
    await call
  } catch (error) {
    if (error instanceof ORPCError && error.code === 'FAILED') return error.data as Failure
    throw error
  }
  throw new Error('the call succeeded')
}
