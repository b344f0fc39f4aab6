import { useLocation, useNavigate } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import type { ShortcutName } from '../shortcuts/registry.ts'
import { useAvailableCommands, useShortcut, useShortcutHub } from '../shortcuts/use-shortcut.tsx'

const keysPath = '/keys'

/** Leads to the page of keys, to what is under a prefix where one is given, and runs a command once that page offers it itself. */
export function useLead(name: ShortcutName): (prefix?: string) => void {
  const there = useOnKeys()
  const navigate = useNavigate()
  const hub = useShortcutHub()
  const available = useAvailableCommands().includes(name)
  const [wanted, setWanted] = useState(false)
  useEffect(() => {
    if (wanted && there && available && hub.run(name)) setWanted(false)
  }, [wanted, there, available, hub, name])
  // Who has left the page meanwhile wants it no more.
  useEffect(() => (there ? () => setWanted(false) : undefined), [there])
  return (prefix) => {
    setWanted(true)
    void navigate({ to: keysPath, ...(prefix !== undefined && { search: { prefix } }) })
  }
}

/** Offers a command of the page of keys on the other pages as well. */
export function useLeadingCommand(name: ShortcutName, offered: boolean): void {
  const there = useOnKeys()
  const lead = useLead(name)
  useShortcut(name, offered && !there ? () => lead() : undefined)
}

function useOnKeys(): boolean {
  return useLocation({ select: ({ pathname }) => pathname === keysPath })
}
