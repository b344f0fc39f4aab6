/**
 * Moves the focus to the next part of the window; parts are marked with `data-pane` and can take the focus. False where that is the
 * notices, which take the focus by the same key, and give it back to where it was when the last of them goes.
 */
export function nextPane(): boolean {
  const panes = [...document.querySelectorAll<HTMLElement>('[data-pane]')]
  // The innermost counts: a pane may stand inside of the main part.
  const present = panes.findLastIndex((pane) => pane.contains(document.activeElement))
  const next = panes[(present + 1) % panes.length]
  if (next?.dataset.pane === 'notices') return false
  next?.focus()
  return true
}
