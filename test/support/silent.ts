/** A logger, a meter and an observer that nobody listens to. */
import type { CopyObserver } from '../../src/node/observe/cluster-observer.ts'
import type { Logger } from '../../src/node/ports/logger.ts'
import type { Meter } from '../../src/node/ports/meter.ts'

export const silentLogger: Logger = {
  child: () => silentLogger,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
}

export const silentMeter: Meter = {
  counter: () => ({ add: () => undefined }),
  histogram: () => ({ observe: () => undefined }),
  gauge: () => undefined,
  render: () => Promise.resolve(''),
}

export const silentCopyObserver: CopyObserver = { copyRead: () => undefined, copyConfirmed: () => undefined }
