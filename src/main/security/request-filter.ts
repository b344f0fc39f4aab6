const allowedSchemes: ReadonlySet<string> = new Set(['app:', 'blob:', 'data:'])

/** Whether a page of this program may ask for an address: the screens need nothing of any network. */
export function isOwnRequest(address: string, { devTools }: { readonly devTools: boolean }): boolean {
  const scheme = URL.parse(address)?.protocol
  if (scheme === undefined) return false
  return allowedSchemes.has(scheme) || (devTools && (scheme === 'devtools:' || scheme === 'chrome-devtools:'))
}

/** What a page may use without being asked about: nothing else is granted. */
const allowedPermissions: ReadonlySet<string> = new Set(['clipboard-sanitized-write', 'notifications'])

export function isAllowedPermission(permission: string, origin: string): boolean {
  return allowedPermissions.has(permission) && isOwnOrigin(origin)
}

export const ownScheme = 'app'
export const ownHost = 'memo'
export const ownOrigin = 'app://memo'
export const startPage = 'app://memo/index.html'

/** Origins of permission checks come with a slash at their end, those of frames without. */
export function isOwnOrigin(origin: string): boolean {
  return origin === ownOrigin || origin === `${ownOrigin}/`
}
