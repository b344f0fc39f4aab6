import { useEffect, useRef, useState } from 'react'

const shownMs = 1500

/** Copies a text and says so for a moment. */
export function useCopy(): { readonly copied: boolean; readonly copy: (text: string) => void } {
  const [copied, setCopied] = useState(false)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  useEffect(() => () => clearTimeout(timer.current), [])
  const copy = (text: string): void => {
    const show = (): void => {
      setCopied(true)
      clearTimeout(timer.current)
      timer.current = setTimeout(() => setCopied(false), shownMs)
    }
    // A page that may not write to the clipboard leaves the text selectable; there is nothing to repair.
    navigator.clipboard.writeText(text).then(show, () => undefined)
  }
  return { copied, copy }
}
