import { implement, ORPCError } from '@orpc/server'
import type { HostCapabilities, HostEvent, NodeRun } from '../../ipc/contract/host-contract.ts'
import { hostContract } from '../../ipc/contract/host-contract.ts'
import { CodedError } from '../../shared/coded-error.ts'
import type { HostFeed } from './host-feed.ts'

/** What the program around a page can do for it. */
export interface HostActions {
  readonly capabilities: HostCapabilities
  run(): NodeRun
  start(options: { readonly safeMode: boolean }): void
  stop(): Promise<void>
  restart(options: { readonly safeMode: boolean }): void
  startOnFreePort(): void
  /** False when no directory was picked. */
  startElsewhere(): Promise<boolean>
  show(what: 'data' | 'logs'): Promise<void>
  /** Throws CodedError `invalid-argument` for what is not a page outside. */
  openExternal(url: string): Promise<void>
}

/** What belongs to one window. */
export interface HostContext {
  readonly feed: HostFeed
  readonly visible: () => boolean
}

const contracted = implement(hostContract).$context<HostContext>()

/** Every failure is told by the one error of the contract. */
const base = contracted.use(async ({ errors, next }) => {
  try {
    return await next()
  } catch (error) {
    if (error instanceof ORPCError) throw error
    const coded = error instanceof CodedError ? error : new CodedError('internal', 'this failed unexpectedly', { cause: error })
    const details = Object.fromEntries(Object.entries(coded.details).map(([name, value]) => [name, String(value)]))
    const data = { code: coded.code, message: coded.message, retryable: false, details }
    throw errors.FAILED({ message: coded.message, data })
  }
})

/** The contract `host`, served by main to each page. */
export function createHostRouter(actions: HostActions) {
  const done = (run: () => void) => (): null => {
    run()
    return null
  }
  return base.router({
    capabilities: base.capabilities.handler(() => actions.capabilities),
    watch: base.watch.handler(({ context, signal }) => {
      const present: HostEvent[] = [
        { kind: 'node', run: actions.run() },
        { kind: 'window', visible: context.visible() },
      ]
      return context.feed.watch(present, signal)
    }),
    node: {
      start: base.node.start.handler(done(() => actions.start({ safeMode: false }))),
      stop: base.node.stop.handler(async () => {
        await actions.stop()
        return null
      }),
      restart: base.node.restart.handler(done(() => actions.restart({ safeMode: false }))),
      startSafely: base.node.startSafely.handler(done(() => actions.restart({ safeMode: true }))),
      startOnFreePort: base.node.startOnFreePort.handler(done(() => actions.startOnFreePort())),
      startElsewhere: base.node.startElsewhere.handler(() => actions.startElsewhere()),
    },
    files: {
      show: base.files.show.handler(async ({ input }) => {
        await actions.show(input.what)
        return null
      }),
    },
    openExternal: base.openExternal.handler(async ({ input }) => {
      await actions.openExternal(input.url)
      return null
    }),
    signOut: base.signOut.handler(() => {
      throw new CodedError('invalid-argument', 'the desktop app has no session to sign out of; quit it instead')
    }),
  })
}
