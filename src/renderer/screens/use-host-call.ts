import { useState } from 'react'
import type { Failure } from '../../ipc/contract/common-schemas.ts'
import { failureOf } from '../connection/failure.ts'

interface HostCall {
  /** Name of the call under way. */
  readonly running: string | undefined
  readonly failure: Failure | undefined
  readonly run: (name: string, call: () => Promise<unknown>) => void
}

/** Calls of the host behind buttons: one at a time, and what it failed with stays in sight. */
export function useHostCall(): HostCall {
  const [running, setRunning] = useState<string>()
  const [failure, setFailure] = useState<Failure>()
  const run = (name: string, call: () => Promise<unknown>): void => {
    setRunning(name)
    setFailure(undefined)
    call()
      .catch((error: unknown) => setFailure(failureOf(error)))
      .finally(() => setRunning(undefined))
  }
  return { running, failure, run }
}
