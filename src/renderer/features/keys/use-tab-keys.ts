import { useEffect } from 'react'
import type { ShortcutName } from '../../shortcuts/registry.ts'
import { useShortcutHub } from '../../shortcuts/use-shortcut.tsx'
import { activateTab, useTabs } from './tabs-store.ts'

const commands: readonly ShortcutName[] = ['tab.1', 'tab.2', 'tab.3', 'tab.4', 'tab.5', 'tab.6', 'tab.7', 'tab.8', 'tab.9']

function activateNth(index: number): void {
  const tab = useTabs.getState().tabs[index]
  if (tab !== undefined) activateTab(tab.id)
}

/** One command for each of the first tabs. A browser may keep their keys for tabs of its own; the palette offers them there too. */
export function useTabKeys(): void {
  const hub = useShortcutHub()
  const count = useTabs((state) => Math.min(state.tabs.length, commands.length))
  useEffect(() => {
    const ends = commands.slice(0, count).map((name, index) => hub.handle(name, () => activateNth(index)))
    return () => {
      for (const end of ends) end()
    }
  }, [hub, count])
}
