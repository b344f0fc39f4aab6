import { useLayoutEffect, useRef } from 'react'
import { partAround } from './focus-handed-on.ts'

/**
 * Where the focus goes when a dialog closes, for its `finalFocus`: to what had it, or, where that is gone, to the part of the window that
 * it was in. For a part of the window, which takes the focus by code only, Base UI would give it to the first control in there, whose
 * tooltip would open; for none at all, to what had it some time before.
 */
export function useFocusBack(open: boolean): () => boolean {
  const before = useRef<Element | null>(null)
  const around = useRef<HTMLElement | null>(null)
  // The dialog takes the focus a moment later.
  useLayoutEffect(() => {
    if (!open) return
    before.current = document.activeElement
    around.current = partAround(document.activeElement)
  }, [open])
  return () => {
    const had = before.current
    if (isElsewhere() || had === document.body) return false
    if (had instanceof HTMLElement && had.isConnected && had.tabIndex < 0) {
      queueMicrotask(() => had.focus({ preventScroll: true }))
      return false
    }
    const part = around.current
    // What opened a dialog and goes together with it is still there until then.
    queueMicrotask(() => {
      if (had?.isConnected !== true && !isElsewhere()) part?.focus({ preventScroll: true })
    })
    return had?.isConnected === true || part === null
  }
}

/** Something else than a dialog has taken the focus. */
function isElsewhere(): boolean {
  const present = document.activeElement
  return present !== null && present !== document.body && present.closest('[role="dialog"]') === null
}
