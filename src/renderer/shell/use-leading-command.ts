import { useLocation, useNavigate } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import type { ShortcutName } from '../shortcuts/registry.ts'
import { useAvailableCommands, useShortcut, useShortcutHub } from '../shortcuts/use-shortcut.tsx'

const keysPath = '/keys'

/** Offers a command of the page of keys on the other pages as well: it leads there first, and runs once that page offers it itself. */
export function useLeadingCommand(name: ShortcutName, offered: boolean): void {
  const there = useLocation({ select: ({ pathname }) => pathname === keysPath })
  const navigate = useNavigate()
  const hub = useShortcutHub()
  const available = useAvailableCommands().includes(name)
  const [wanted, setWanted] = useState(false)
  const lead = (): void => {
    setWanted(true)
    void navigate({ to: keysPath })
  }
  useShortcut(name, offered && !there ? lead : undefined)
  useEffect(() => {
    if (wanted && there && available && hub.run(name)) setWanted(false)
  }, [wanted, there, available, hub, name])
  // Who has left the page meanwhile wants it no more.
  useEffect(() => (there ? () => setWanted(false) : undefined), [there])
}
