import { useEffect, useState } from 'react'

/** Whole seconds until then, counted down while the component is mounted; undefined when it is over or there is no such time. */
export function useSecondsUntil(atMs: number | undefined): number | undefined {
  const [nowMs, setNowMs] = useState(() => Date.now())
  useEffect(() => {
    if (atMs === undefined) return
    setNowMs(Date.now())
    const timer = setInterval(() => setNowMs(Date.now()), 1000)
    return () => clearInterval(timer)
  }, [atMs])
  const leftMs = atMs === undefined ? 0 : atMs - nowMs
  return leftMs > 0 ? Math.ceil(leftMs / 1000) : undefined
}
