import { Activity, KeyRound, LayoutDashboard, Plug, Settings } from 'lucide-react'

/** Pages in the order of the navigation, each with the command that goes there. */
export const navPages = [
  { to: '/overview', text: 'overview', icon: LayoutDashboard, command: 'go.overview' },
  { to: '/keys', text: 'keys', icon: KeyRound, command: 'go.keys' },
  { to: '/activity', text: 'activity', icon: Activity, command: 'go.activity' },
  { to: '/connect', text: 'connect', icon: Plug, command: 'go.connect' },
] as const

export const settingsPage = { to: '/settings', text: 'settings', icon: Settings, command: 'go.settings' } as const
