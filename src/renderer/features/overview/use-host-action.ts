import { useState } from 'react'
import { failureOf } from '../../connection/failure.ts'

/** Runs one thing that the program around the screens does; what went wrong is said beside the button. */
export function useHostAction(): {
  readonly run: (act: () => Promise<unknown>) => void
  readonly busy: boolean
  readonly problem: string | undefined
} {
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<string>()
  const run = (act: () => Promise<unknown>): void => {
    setBusy(true)
    setProblem(undefined)
    act()
      .catch((error: unknown) => setProblem(failureOf(error).message))
      .finally(() => setBusy(false))
  }
  return { run, busy, problem }
}
