import { homedir } from 'node:os'
import { join } from 'node:path'

export interface DirectoryFacts {
  readonly platform: NodeJS.Platform
  readonly environment: Readonly<Record<string, string | undefined>>
  /** The home directory of the user; that of this process unless given. */
  readonly home?: string
}

/** Where a node keeps its data when nothing else is said: the place that the operating system has for data of programs. */
export function defaultDataDirectory(facts: DirectoryFacts): string {
  const home = facts.home ?? homedir()
  switch (facts.platform) {
    case 'darwin':
      return join(home, 'Library', 'Application Support', 'memo')
    case 'win32':
      return join(absoluteOr(facts.environment.LOCALAPPDATA, join(home, 'AppData', 'Local')), 'memo')
    default:
      return join(absoluteOr(facts.environment.XDG_DATA_HOME, join(home, '.local', 'share')), 'memo')
  }
}

/** The XDG specification tells programs to ignore a relative path. */
function absoluteOr(path: string | undefined, fallback: string): string {
  return path !== undefined && /^(?:\/|[A-Za-z]:[\\/])/.test(path) ? path : fallback
}
