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
  /** Gets every line besides, as JSON whatever `pretty` says. */
  readonly copy?: LogDestination
  /** Decides instead of `level`, line by line. */
  readonly gate?: LogGate
}

export interface LogGate {
  admits(level: LogLevel): boolean
}

export interface LogDestination {
  write(line: string): unknown
}

const standardError = 2

/** JSON lines through pino. Lines are written at once, so that none is lost when the process ends. */
export function pinoLogger(options: PinoLoggerOptions): Logger {
  const target = options.destination ?? pino.destination({ dest: standardError, sync: true })
  const format = prettyFactory({ translateTime: 'SYS:HH:MM:ss.l', ignore: 'subsystem', messageFormat: '{subsystem}: {msg}' })
  const shown: LogDestination = options.pretty ? { write: (line) => target.write(format(line)) } : target
  const stream = options.copy === undefined ? shown : both(shown, options.copy)
  const root = pino(
    {
      level: options.gate === undefined ? options.level : 'debug',
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: [...redactedNames, ...redactedNames.map((name) => `*.${name}`)], censor: '[redacted]' },
    },
    stream,
  )
  return new PinoLogger(root, options.gate ?? { admits: (level) => root.isLevelEnabled(level) })
}

function both(first: LogDestination, second: LogDestination): LogDestination {
  return {
    write(line) {
      first.write(line)
      second.write(line)
    },
  }
}

class PinoLogger implements Logger {
  readonly #pino: Pino
  readonly #gate: LogGate

  constructor(inner: Pino, gate: LogGate) {
    this.#pino = inner
    this.#gate = gate
  }

  child(subsystem: string): Logger {
    return new PinoLogger(this.#pino.child({ subsystem }), this.#gate)
  }

  debug(message: string, fields: LogFields = {}): void {
    if (this.#gate.admits('debug')) this.#pino.debug(writable(fields), message)
  }

  info(message: string, fields: LogFields = {}): void {
    if (this.#gate.admits('info')) this.#pino.info(writable(fields), message)
  }

  warn(message: string, fields: LogFields = {}): void {
    if (this.#gate.admits('warn')) this.#pino.warn(writable(fields), message)
  }

  error(message: string, fields: LogFields & { readonly error?: unknown }): void {
    if (this.#gate.admits('error')) this.#pino.error(writable(fields), message)
  }
}

/** The fields as JSON can hold them and people read them. Bytes are named by their count only: they may be a payload. */
function writable(fields: LogFields): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, name === 'error' ? loggedError(value) : writableValue(value)]),
  )
}

function writableValue(value: unknown): unknown {
  if (value instanceof Error) return loggedError(value)
  if (typeof value === 'bigint') return `${value}`
  if (typeof value === 'number') return Math.round(value * 1000) / 1000
  if (value instanceof Uint8Array) return `[${value.length} bytes]`
  return value
}
