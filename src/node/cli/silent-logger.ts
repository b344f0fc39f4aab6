import type { Logger } from '../ports/logger.ts'

/** For commands that open a store without a node: what a person should hear of is a remark or an error. */
export const silentLogger: Logger = {
  child: () => silentLogger,
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
}
