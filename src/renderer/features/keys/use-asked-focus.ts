import { useEffect } from 'react'
import { focusGiven, useTabs } from './tabs-store.ts'

/** Calls for the focus where a command has asked for this tab, whether or not it was open; not where a person comes back to it. */
export function useAskedFocus(id: string, focus: () => void): void {
  const asked = useTabs((state) => state.asked === id)
  useEffect(() => {
    if (!asked) return
    focus()
    focusGiven()
  })
}
