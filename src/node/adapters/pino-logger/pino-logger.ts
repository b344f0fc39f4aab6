import type { Logger as Pino } from 'pino'
import { pino } from 'pino'
import { prettyFactory } from 'pino-pretty'
import type { LogFields, Logger } from '../../ports/logger.ts'
import { loggedError } from './logged-error.ts'

export const logLevels = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof logLevels)[number]

/** Names under which nothing is ever written out, at the top of the fields or one level below. */
const redactedNames = [
  'authorization',
  'key',
  'passphrase',
  'password',
  'payload',
  'plain',
  'prefix',
  'privateKey',
  'secret',
  'seed',
  'token',
  'value',
]

export interface PinoLoggerOptions {
  readonly level: LogLevel
  /** Lines for people instead of JSON: for a terminal. */
  readonly pretty: boolean
  /** Where the lines go: standard error unless given. */
  readonly destination?: LogDestination
}

export interface LogDestination {
  write(line: string): unknown
}

const standardError = 2

/** JSON lines through pino. Lines are written at once, so that none is lost when the process ends. */
export function pinoLogger(options: PinoLoggerOptions): Logger {
  const target = options.destination ?? pino.destination({ dest: standardError, sync: true })
  const format = prettyFactory({ translateTime: 'SYS:HH:MM:ss.l', ignore: 'subsystem', messageFormat: '{subsystem}: {msg}' })
  const stream: LogDestination = options.pretty ? { write: (line) => target.write(format(line)) } : target
  const root = pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: [...redactedNames, ...redactedNames.map((name) => `*.${name}`)], censor: '[redacted]' },
    },
    stream,
  )
  return new PinoLogger(root)
}

class PinoLogger implements Logger {
  readonly #pino: Pino

  constructor(inner: Pino) {
    this.#pino = inner
  }

  child(subsystem: string): Logger {
    return new PinoLogger(this.#pino.child({ subsystem }))
  }

  debug(message: string, fields: LogFields = {}): void {
    if (this.#pino.isLevelEnabled('debug')) this.#pino.debug(writable(fields), message)
  }

  info(message: string, fields: LogFields = {}): void {
    this.#pino.info(writable(fields), message)
  }

  warn(message: string, fields: LogFields = {}): void {
    this.#pino.warn(writable(fields), message)
  }

  error(message: string, fields: LogFields & { readonly error?: unknown }): void {
    this.#pino.error(writable(fields), message)
  }
}

/** The fields as JSON can hold them. Bytes are named by their count only: they may be a payload. */
function writable(fields: LogFields): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, name === 'error' ? loggedError(value) : writableValue(value)]),
  )
}

function writableValue(value: unknown): unknown {
  if (value instanceof Error) return loggedError(value)
  if (typeof value === 'bigint') return `${value}`
  if (value instanceof Uint8Array) return `[${value.length} bytes]`
  return value
}
