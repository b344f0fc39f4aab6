import { join } from 'node:path'
import electronLog from 'electron-log/node'
import type { SupervisorLog } from './supervisor/node-supervisor.ts'

const fileBytesMax = 5 * 1024 * 1024

/** What happens in the app; nothing of it names keys, values, links or arguments. */
export interface AppLog extends SupervisorLog {
  started(facts: { readonly version: string; readonly electron: string; readonly packaged: boolean }): void
  fileDiscarded(facts: { readonly path: string; readonly reason: string }): void
  fileUnwritten(facts: { readonly path: string; readonly reason: string }): void
  denied(facts: { readonly what: 'navigation' | 'window' | 'permission' | 'request' | 'connect' | 'webview' }): void
  pageGone(facts: { readonly reason: string; readonly exitCode: number; readonly reloads: boolean }): void
  pageUnloaded(facts: { readonly errorCode: number }): void
  failed(facts: { readonly what: string; readonly error: unknown }): void
  quitting(): void
}

/** Two files: `app.log` with what main does, `node.log` with the lines of the node as it wrote them. */
export function createAppLog(folder: string, options: { readonly echo: boolean }): AppLog {
  const app = fileLog('app', folder, '[{y}-{m}-{d} {h}:{i}:{s}.{ms}] [{level}] {text}', options.echo)
  const node = fileLog('node', folder, '{text}', options.echo)
  return {
    started: (facts) => app.info('the app starts', facts),
    fileDiscarded: (facts) => app.warn('a file of the app cannot be used and its defaults are in force', facts),
    fileUnwritten: (facts) => app.warn('a file of the app could not be written', facts),
    denied: (facts) => app.warn('something that pages may not do was refused', facts),
    pageGone: (facts) => app.error('the process of a page is gone', facts),
    pageUnloaded: (facts) => app.error('a page could not be loaded', facts),
    failed: ({ what, error }) => app.error(`${what} failed`, error instanceof Error ? error.message : String(error)),
    quitting: () => app.info('the app quits'),
    state: (facts) => app.info('the node', facts),
    killed: (facts) => app.warn('the process of the node is ended by force', facts),
    crashed: (facts) => app.error('the node crashed', facts),
    refused: (facts) => app.error('the node did not start', facts),
    line: (line) => node.info(line),
  }
}

function fileLog(name: string, folder: string, format: string, echo: boolean) {
  const log = electronLog.create({ logId: name })
  log.transports.file.resolvePathFn = () => join(folder, `${name}.log`)
  log.transports.file.maxSize = fileBytesMax
  log.transports.file.format = format
  log.transports.console.level = echo ? 'info' : false
  return log
}
