import { useLayoutEffect, useRef } from 'react'

/**
 * Where the focus goes when a dialog closes, for its `finalFocus`: to what had it. For a part of the window, which takes the focus by code
 * only, Base UI would give it to the first control in there, whose tooltip would open; for none at all, to what had it some time before.
 */
export function useFocusBack(open: boolean): () => boolean {
  const before = useRef<Element | null>(null)
  // The dialog takes the focus a moment later.
  useLayoutEffect(() => {
    if (open) before.current = document.activeElement
  }, [open])
  return () => {
    const had = before.current
    const present = document.activeElement
    const moved = present !== null && present !== document.body && present.closest('[role="dialog"]') === null
    if (moved || had === document.body) return false
    if (!(had instanceof HTMLElement) || !had.isConnected || had.tabIndex >= 0) return true
    queueMicrotask(() => had.focus({ preventScroll: true }))
    return false
  }
}
