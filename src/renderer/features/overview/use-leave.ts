import { useCallback, useEffect, useRef, useState } from 'react'
import type { LeaveProgress } from '../../../ipc/contract/cluster-schemas.ts'
import type { Failure } from '../../../ipc/contract/common-schemas.ts'
import { CodedError } from '../../../shared/coded-error.ts'
import { useNode } from '../../connection/connection-provider.tsx'
import { failureOf } from '../../connection/failure.ts'

export type LeaveState =
  | { readonly kind: 'asked' }
  | { readonly kind: 'leaving'; readonly progress: LeaveProgress | undefined }
  | { readonly kind: 'left' }
  | { readonly kind: 'failed'; readonly failure: Failure }

/** Has this node leave, and follows how far it is; it goes on draining when nobody follows any more. */
export function useLeave(): { readonly state: LeaveState; readonly begin: () => void } {
  const { client } = useNode()
  const [state, setState] = useState<LeaveState>({ kind: 'asked' })
  const run = useRef<AbortController>(undefined)
  useEffect(() => () => run.current?.abort(), [])
  const begin = useCallback(() => {
    run.current?.abort()
    const controller = new AbortController()
    const { signal } = controller
    run.current = controller
    const tell = (next: LeaveState): void => {
      if (!signal.aborted) setState(next)
    }
    const follow = async (): Promise<void> => {
      let hasLeft = false
      for await (const progress of await client.cluster.leave(undefined, { signal })) {
        hasLeft = progress.phase === 'left'
        tell(hasLeft ? { kind: 'left' } : { kind: 'leaving', progress })
      }
      if (!hasLeft) throw new CodedError('not-running', 'the node ended the call before it had left; it stays draining')
    }
    tell({ kind: 'leaving', progress: undefined })
    follow().catch((error: unknown) => tell({ kind: 'failed', failure: failureOf(error) }))
  }, [client])
  return { state, begin }
}
