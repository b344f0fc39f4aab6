import { useSyncExternalStore } from 'react'

const compactPx = 28
const comfortablePx = 36

function subscribe(listener: () => void): () => void {
  const observer = new MutationObserver(listener)
  observer.observe(document.documentElement, { attributeFilter: ['data-density'] })
  return () => observer.disconnect()
}

function read(): number {
  return document.documentElement.dataset.density === 'comfortable' ? comfortablePx : compactPx
}

/** Of a row in lists and trees, by the density that was chosen; `--row` in the style sheets. */
export function useRowHeight(): number {
  return useSyncExternalStore(subscribe, read)
}
