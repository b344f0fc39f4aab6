/** Variables of the app's environment that its node needs: its settings, and where the system keeps things. */
const allowedNames: ReadonlySet<string> = new Set([
  'HOME',
  'USER',
  'LOGNAME',
  'PATH',
  'LANG',
  'LC_ALL',
  'LC_MESSAGES',
  'TZ',
  'TMPDIR',
  'TEMP',
  'TMP',
  'XDG_DATA_HOME',
  'XDG_CONFIG_HOME',
  'XDG_RUNTIME_DIR',
  'CREDENTIALS_DIRECTORY',
  // Without these a process of Windows does not get far.
  'APPDATA',
  'LOCALAPPDATA',
  'USERPROFILE',
  'SYSTEMROOT',
  'WINDIR',
  'COMSPEC',
  'PATHEXT',
])

/** What of an environment is passed on to the node: never variables that change how Node or the loader works. */
export function nodeEnvironment(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) =>
      value !== undefined && (name.startsWith('MEMO_') || allowedNames.has(name.toUpperCase())) ? [[name, value]] : [],
    ),
  )
}
