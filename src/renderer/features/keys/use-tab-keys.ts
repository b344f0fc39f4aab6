import { useEffect } from 'react'
import { activateTab, useTabs } from './tabs-store.ts'

/** Ctrl or Command with 1 to 9 goes to a tab, where the program around the page does not keep those keys for itself. */
export function useTabKeys(): void {
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (!(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey || !/^[1-9]$/.test(event.key)) return
      const tab = useTabs.getState().tabs[Number(event.key) - 1]
      if (tab === undefined) return
      event.preventDefault()
      activateTab(tab.id)
    }
    window.addEventListener('keydown', press)
    return () => window.removeEventListener('keydown', press)
  }, [])
}
