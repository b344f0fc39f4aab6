import type { Session, WebContents } from 'electron'
import type { AppLog } from '../app-log.ts'
import { isAllowedPermission, isOwnOrigin, isOwnRequest } from '../security/request-filter.ts'

export interface GuardParts {
  readonly log: Pick<AppLog, 'denied'>
  readonly openExternal: (url: string) => void
}

/** A page stays where it is: it goes nowhere else, opens no window and embeds nothing. Links to pages outside are asked about. */
export function guardContents(contents: WebContents, { log, openExternal }: GuardParts): void {
  const deny = (what: 'navigation' | 'webview') => (event: { preventDefault(): void }) => {
    event.preventDefault()
    log.denied({ what })
  }
  contents.on('will-navigate', deny('navigation'))
  contents.on('will-redirect', deny('navigation'))
  contents.on('will-frame-navigate', deny('navigation'))
  contents.on('will-attach-webview', deny('webview'))
  contents.setWindowOpenHandler(({ url }) => {
    log.denied({ what: 'window' })
    openExternal(url)
    return { action: 'deny' }
  })
}

/** What pages may use and ask for: next to nothing. */
export function guardSession(session: Session, log: Pick<AppLog, 'denied'>, options: { readonly devTools: boolean }): void {
  session.setPermissionRequestHandler((_contents, permission, answer, details) => {
    const origin = URL.parse(details.requestingUrl)
    const allowed = origin !== null && isAllowedPermission(permission, `${origin.protocol}//${origin.host}`)
    if (!allowed) log.denied({ what: 'permission' })
    answer(allowed)
  })
  session.setPermissionCheckHandler((_contents, permission, origin) => isAllowedPermission(permission, origin))
  session.setDevicePermissionHandler(() => false)
  session.webRequest.onBeforeRequest(({ url }, answer) => {
    const allowed = isOwnRequest(url, options)
    if (!allowed) log.denied({ what: 'request' })
    answer({ cancel: !allowed })
  })
}

/** Whether a message of a preload comes from the main frame of an own page, and not from a frame that something put in it. */
export function isOwnMainFrame(frame: { readonly origin: string; readonly parent: unknown } | null): boolean {
  return frame !== null && frame.parent === null && isOwnOrigin(frame.origin)
}
