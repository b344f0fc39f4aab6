/** Where the pages are seen in each state. The states are names of `demo/page-states.ts`, which only a run of the demo has. */

const pages = ['overview', 'keys', 'activity', 'connect', 'settings'] as const
const states = ['loading', 'first-use', 'partial', 'stale', 'error', 'permission'] as const
/** Addresses at which a filter of the page finds nothing. */
const filtered = ['keys?prefix=nothing/', 'activity?find=nothing', 'settings?find=nothing'] as const

export interface PageLink {
  readonly label: string
  readonly href: string
}

export const pageLinks: readonly PageLink[] = [
  ...pages.flatMap((page) => states.map((state) => ({ label: `${page} ${state}`, href: `?state=${state}#/${page}` }))),
  ...['left-behind', 'left', 'evicted', 'copied'].map((state) => ({
    label: `overview ${state}`,
    href: `?state=${state}#/overview`,
  })),
  { label: 'keys damaged', href: '?state=damaged#/keys' },
  ...filtered.map((address) => ({ label: `${address.split('?')[0]} filtered`, href: `?state=none#/${address}` })),
]
