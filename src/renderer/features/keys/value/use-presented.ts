import { useEffect, useMemo, useState } from 'react'
import { presentLater, presentNow } from './present-client.ts'
import type { Presented, ValueView } from './present-value.ts'

type Outcome =
  | { readonly state: 'working' }
  | { readonly state: 'ready'; readonly presented: Presented }
  | { readonly state: 'failed'; readonly message: string }

/** The text of a view of a value; undefined bytes are awaited. */
export function usePresented(bytes: Uint8Array | undefined, view: ValueView | undefined, contentType: string): Outcome {
  const now = useMemo(
    () => (bytes === undefined ? undefined : presentNow({ bytes, view, contentType })),
    [bytes, view, contentType],
  )
  const [later, setLater] = useState<{ readonly of: string; readonly bytes: Uint8Array; readonly outcome: Outcome }>()
  const of = `${view ?? ''} ${contentType}`
  useEffect(() => {
    if (bytes === undefined || now !== undefined) return
    let left = false
    const settle = (outcome: Outcome) => left || setLater({ of, bytes, outcome })
    presentLater({ bytes, view, contentType }).then(
      (presented) => settle({ state: 'ready', presented }),
      (error: unknown) => settle({ state: 'failed', message: error instanceof Error ? error.message : String(error) }),
    )
    return () => {
      left = true
    }
  }, [bytes, now, view, contentType, of])
  if (now !== undefined) return { state: 'ready', presented: now }
  return later !== undefined && later.of === of && later.bytes === bytes ? later.outcome : { state: 'working' }
}
