import { useEffect, useState } from 'react'
import { wireLimits } from '../../../ipc/contract/wire-limits.ts'
import type { NodeClient } from '../../connection/clients.ts'
import { useNode } from '../../connection/connection-provider.tsx'
import { keysLimits } from './keys-limits.ts'

export interface KeyCount {
  readonly count: number
  /** `counting`: there are more, and they are being counted; `more`: beyond what is counted; `ended`: the node answered no further. */
  readonly state: 'counting' | 'all' | 'more' | 'ended'
}

/** How many keys begin so, counted page by page up to a limit; as many as were there while it was counted. */
export function useKeyCount(prefix: string): KeyCount {
  const { client } = useNode()
  const [counted, setCounted] = useState<KeyCount>({ count: 0, state: 'counting' })
  useEffect(() => {
    const left = new AbortController()
    void countKeys(client, prefix, left.signal, setCounted)
    return () => left.abort()
  }, [client, prefix])
  return counted
}

async function countKeys(
  client: NodeClient,
  prefix: string,
  signal: AbortSignal,
  tell: (counted: KeyCount) => void,
): Promise<void> {
  let count = 0
  let after: string | undefined
  try {
    do {
      const input = { prefix, delimiter: '', limit: wireLimits.pageRowsMax, ...(after !== undefined && { after }) }
      const page = await client.kv.list(input, { signal })
      count += page.items.length
      after = page.next
      if (signal.aborted) return
      tell({ count: Math.min(count, keysLimits.countKeysMax), state: after === undefined ? 'all' : 'counting' })
    } while (after !== undefined && count < keysLimits.countKeysMax)
    if (after !== undefined) tell({ count: keysLimits.countKeysMax, state: 'more' })
  } catch {
    if (!signal.aborted) tell({ count, state: 'ended' })
  }
}
