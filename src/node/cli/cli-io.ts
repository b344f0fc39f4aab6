import type { Readable } from 'node:stream'
import type { Environment } from '../config/process-environment.ts'
import type { CliStreams } from './cli-output.ts'

/** The world of a command: its streams, its environment, and the end that a signal asks for. */
export interface CliIo extends CliStreams {
  readonly stdin: Readable & { readonly isTTY?: boolean }
  readonly environment: Environment
  readonly version: string
  /** Aborted by the first SIGINT, SIGTERM or SIGHUP. `run` handles signals by itself. */
  readonly signal: AbortSignal
  /** What the process ends with, where a command has more to say than ok or an error. */
  setExitCode(code: number): void
}
