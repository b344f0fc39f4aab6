import type { LogFields, Logger } from '../../../src/node/ports/logger.ts'

export interface LoggedLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly message: string
  readonly fields: LogFields
}

/** Keeps what is logged instead of writing it. */
export class SilentLogger implements Logger {
  readonly lines: LoggedLine[] = []

  child(): Logger {
    return this
  }

  debug(message: string, fields: LogFields = {}): void {
    this.lines.push({ level: 'debug', message, fields })
  }

  info(message: string, fields: LogFields = {}): void {
    this.lines.push({ level: 'info', message, fields })
  }

  warn(message: string, fields: LogFields = {}): void {
    this.lines.push({ level: 'warn', message, fields })
  }

  error(message: string, fields: LogFields): void {
    this.lines.push({ level: 'error', message, fields })
  }
}
