import { useNavigate, useSearch } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'
import { useTabs } from './tabs-store.ts'
import { useKeyCommands } from './use-key-commands.ts'

/** Keeps the page's address and the open tab together: a link opens a key, and the address names the key that is seen. */
export function useAddress(): { readonly prefix: string; readonly activeKey: string | undefined } {
  const { prefix, key } = useSearch({ strict: false })
  const navigate = useNavigate()
  const { open } = useKeyCommands()
  const activeKey = useTabs((state) => {
    const tab = state.tabs.find(({ id }) => id === state.active)
    return tab?.kind === 'key' ? tab.key : undefined
  })
  const told = useRef<string>(undefined)
  useEffect(() => {
    if (key === undefined || key === told.current) return
    told.current = key
    open(key)
  }, [key, open])
  useEffect(() => {
    if (activeKey === told.current) return
    told.current = activeKey
    void navigate({ to: '/keys', search: (before) => ({ ...before, key: activeKey }), replace: true })
  }, [activeKey, navigate])
  return { prefix: prefix ?? '', activeKey }
}
