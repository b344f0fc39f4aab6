/** Moves the focus to the next part of the window; parts are marked with `data-pane` and can take the focus. */
export function nextPane(): void {
  const panes = [...document.querySelectorAll<HTMLElement>('[data-pane]')]
  const present = panes.findIndex((pane) => pane.contains(document.activeElement))
  // The innermost counts: a pane may stand inside of the main part.
  const inner = panes.findLastIndex((pane) => pane.contains(document.activeElement))
  panes[(Math.max(present, inner) + 1) % panes.length]?.focus()
}
