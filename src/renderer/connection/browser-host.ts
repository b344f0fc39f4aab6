import type { HostLink } from './connection-store.ts'

function refuse(): never {
  throw new Error('A browser cannot do this for the node; use the machine that it runs on.')
}

/** What remains of the host's abilities in a browser. `capabilities` says so, and screens hide or explain the rest. */
export function browserHost(appVersion: string, signOut: () => Promise<void>): HostLink {
  const cannot = async () => refuse()
  return {
    capabilities: {
      host: 'browser',
      platform: navigator.platform,
      appVersion,
      supervises: false,
      showsFiles: false,
      signsOut: true,
    },
    client: {
      node: {
        start: cannot,
        stop: cannot,
        restart: cannot,
        startSafely: cannot,
        startOnFreePort: cannot,
        startElsewhere: cannot,
      },
      files: { show: cannot },
      openExternal: async ({ url }) => {
        if (URL.parse(url)?.protocol === 'https:') window.open(url, '_blank', 'noopener,noreferrer')
        return null
      },
      signOut: async () => {
        await signOut()
        return null
      },
    },
  }
}
