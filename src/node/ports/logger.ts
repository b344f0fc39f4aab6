/** Facts beside a constant message. Never keys of users, payloads or secrets. */
export type LogFields = Readonly<Record<string, unknown>>

export interface Logger {
  child(subsystem: string): Logger
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  /** `error` is what was thrown; a fault that was found and not thrown has none. */
  error(message: string, fields: LogFields & { readonly error?: unknown }): void
}
