import type { OnBeforeRequestListenerDetails, Protocol, Session } from 'electron'
import { strictObject } from './strict-object.ts'

type SessionMembers = Pick<
  Session,
  'setPermissionRequestHandler' | 'setPermissionCheckHandler' | 'setDevicePermissionHandler' | 'webRequest'
>
type RequestListener = (details: OnBeforeRequestListenerDetails, answer: (response: { cancel?: boolean }) => void) => void

/** What the app has set, for the shim of windows and for tests. */
export const handlers: {
  permissionRequest?: Parameters<Session['setPermissionRequestHandler']>[0]
  permissionCheck?: Parameters<Session['setPermissionCheckHandler']>[0]
  devicePermission?: Parameters<Session['setDevicePermissionHandler']>[0]
  request?: RequestListener
  readonly schemes: Map<string, (request: Request) => Response | Promise<Response>>
  readonly privileged: string[]
} = { schemes: new Map(), privileged: [] }

const webRequest = strictObject('webRequest', {
  onBeforeRequest(listener: RequestListener) {
    handlers.request = listener
  },
})

const defaultSession: SessionMembers = {
  setPermissionRequestHandler(handler) {
    handlers.permissionRequest = handler
  },
  setPermissionCheckHandler(handler) {
    handlers.permissionCheck = handler
  },
  setDevicePermissionHandler(handler) {
    handlers.devicePermission = handler
  },
  webRequest: webRequest as unknown as Session['webRequest'],
}

export const session = strictObject('session', { defaultSession: strictObject('defaultSession', defaultSession) })

export const protocol = strictObject<Pick<Protocol, 'handle' | 'registerSchemesAsPrivileged'>>('protocol', {
  registerSchemesAsPrivileged(schemes) {
    handlers.privileged.push(...schemes.map(({ scheme }) => scheme))
  },
  handle(scheme, handler) {
    if (!handlers.privileged.includes(scheme)) throw new Error(`the scheme ${scheme} was not registered before the app was ready`)
    handlers.schemes.set(scheme, handler as (request: Request) => Response | Promise<Response>)
  },
})

/** Whether the app lets a page ask for an address. */
export function isRequestAllowed(url: string): boolean {
  const { request } = handlers
  if (request === undefined) return true
  let cancelled = false
  request({ url } as OnBeforeRequestListenerDetails, ({ cancel = false }) => {
    cancelled = cancel
  })
  return !cancelled
}
