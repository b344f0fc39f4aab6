import type { RefObject } from 'react'
import { useLayoutEffect } from 'react'

/** The part of the window around an element: one that F6 leads to, and that stays. */
export function partAround(element: Element | null): HTMLElement | null {
  return element?.closest<HTMLElement>('[data-pane]:not([data-pane="notices"])') ?? null
}

/** When an element goes with the focus in it, the part of the window around it takes the focus; else nothing would have it. */
export function useFocusHandedOn(element: RefObject<HTMLElement | null>): void {
  useLayoutEffect(() => {
    const present = element.current
    return () => {
      if (present?.contains(document.activeElement) === true) partAround(present)?.focus({ preventScroll: true })
    }
  }, [element])
}
