import { useNavigate } from '@tanstack/react-router'
import { useEffect } from 'react'
import { usePreferences } from '../app/preferences.ts'
import { useConnection, useHost } from '../connection/connection-provider.tsx'
import { useNodeStatus } from '../connection/use-node-status.ts'
import { useWriteBlock } from '../connection/use-write-block.ts'
import { isShortcutName } from '../shortcuts/registry.ts'
import { useShortcut, useShortcutHub } from '../shortcuts/use-shortcut.tsx'
import { nextPane } from './next-pane.ts'
import { useLeadingCommand } from './use-leading-command.ts'

interface ShellCommands {
  readonly openPalette: () => void
  readonly openSheet: () => void
  readonly openInvite: () => void
}

/** Commands that work on every page, by keys, palette and the menu of the host. */
export function useShellCommands({ openPalette, openSheet, openInvite }: ShellCommands): void {
  const navigate = useNavigate()
  const { change, navNarrow, density } = usePreferences()
  const { client, capabilities } = useHost()
  const writable = useWriteBlock() === undefined
  useShortcut('palette.open', openPalette)
  useShortcut('shortcuts.show', openSheet)
  // Who takes no part any more has nobody to invite to.
  useShortcut('cluster.invite', useNodeStatus()?.cluster.withdrawn ? undefined : openInvite)
  useShortcut('go.overview', () => void navigate({ to: '/overview' }))
  useShortcut('go.keys', () => void navigate({ to: '/keys' }))
  useShortcut('go.activity', () => void navigate({ to: '/activity' }))
  useShortcut('go.connect', () => void navigate({ to: '/connect' }))
  useShortcut('go.settings', () => void navigate({ to: '/settings' }))
  useShortcut('nav.toggle', () => change({ navNarrow: !navNarrow }))
  useShortcut('theme.light', () => change({ theme: 'light' }))
  useShortcut('theme.dark', () => change({ theme: 'dark' }))
  useShortcut('theme.system', () => change({ theme: 'system' }))
  useShortcut('density.toggle', () => change({ density: density === 'compact' ? 'comfortable' : 'compact' }))
  useShortcut('panes.next', nextPane)
  useShortcut('session.end', capabilities.signsOut ? () => void client.signOut().catch(() => undefined) : undefined)
  useLeadingCommand('keys.export', true)
  useLeadingCommand('keys.import', writable)
  useLeadingCommand('keys.new', writable)
  useMenuCommands()
}

function useMenuCommands(): void {
  const connection = useConnection()
  const hub = useShortcutHub()
  useEffect(
    () =>
      connection.onCommand((name) => {
        if (isShortcutName(name)) hub.run(name)
      }),
    [connection, hub],
  )
}
