import type { Connection } from '../connection/connection-store.ts'
import { screenLimits } from './screen-limits.ts'

/** Calls back when the browser has nothing better to do. */
function whenIdle(work: () => void): void {
  if ('requestIdleCallback' in window) window.requestIdleCallback(work, { timeout: screenLimits.preloadDelayMs })
  else setTimeout(work, screenLimits.preloadDelayMs)
}

/**
 * Fetches the code of all pages ahead of time, so that a node that has died takes none of them along. Starts once the connection is
 * open, and again whenever it is back, until all are here.
 */
export function preloadPages(connection: Connection, load: () => Promise<boolean>, idle = whenIdle): () => void {
  let wanted = true
  let busy = false
  const attempt = async (): Promise<void> => {
    wanted = !(await load())
    busy = false
    if (!wanted) stop()
  }
  const look = (): void => {
    if (!wanted || busy || connection.snapshot().link.state !== 'open') return
    busy = true
    idle(() => void attempt())
  }
  // A failed attempt waits for the next change of the connection: an absence is told by one.
  const stop = connection.subscribe(look)
  look()
  return () => {
    wanted = false
    stop()
  }
}
