import type { ReactNode } from 'react'
import { createContext, useContext, useEffect, useRef, useState, useSyncExternalStore } from 'react'
import { bindKeys } from './bind-keys.ts'
import type { ShortcutName } from './registry.ts'
import type { ShortcutHandler } from './shortcut-hub.ts'
import { ShortcutHub } from './shortcut-hub.ts'

const hubContext = createContext(new ShortcutHub())

interface ShortcutProviderProps {
  readonly singleKeys: () => boolean
  readonly children: ReactNode
}

export function ShortcutProvider({ singleKeys, children }: ShortcutProviderProps) {
  const [hub] = useState(() => new ShortcutHub())
  useEffect(() => bindKeys(hub, { singleKeys }), [hub, singleKeys])
  return <hubContext.Provider value={hub}>{children}</hubContext.Provider>
}

export function useShortcutHub(): ShortcutHub {
  return useContext(hubContext)
}

/** Handles a command while the component is mounted; undefined while it cannot. */
export function useShortcut(name: ShortcutName, handler: ShortcutHandler | undefined): void {
  const hub = useShortcutHub()
  const latest = useRef(handler)
  const handles = handler !== undefined
  useEffect(() => {
    latest.current = handler
  })
  useEffect(() => (handles ? hub.handle(name, () => latest.current?.()) : undefined), [hub, name, handles])
}

export function useAvailableCommands(): readonly ShortcutName[] {
  const hub = useShortcutHub()
  return useSyncExternalStore(hub.subscribe, hub.available)
}
