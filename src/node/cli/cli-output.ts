import { once } from 'node:events'
import type { Writable } from 'node:stream'
import { CodedError } from '../../shared/coded-error.ts'

/** Where a command speaks: results on standard output, everything else on standard error. */
export interface CliOutput {
  readonly json: boolean
  /** Standard output is a terminal that a person reads. */
  readonly terminal: boolean
  /** A result: `text` for people, `value` as one line of JSON. */
  result(text: string, value: JsonValue): Promise<void>
  /** Bytes on standard output, untouched. */
  bytes(piece: Uint8Array): Promise<void>
  /** A remark for people on standard error; nothing with --json. */
  remark(text: string): void
}

export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue | undefined }

export interface CliStreams {
  readonly stdout: Writable & { readonly isTTY?: boolean }
  readonly stderr: Writable & { readonly isTTY?: boolean }
}

export function createOutput(streams: CliStreams, json: boolean): CliOutput {
  const terminal = streams.stdout.isTTY === true
  return {
    json,
    terminal,
    async result(text, value) {
      await write(streams.stdout, `${json ? JSON.stringify(value) : terminal ? visible(text) : text}\n`)
    },
    bytes: (piece) => write(streams.stdout, piece),
    remark(text) {
      if (!json) streams.stderr.write(`${visible(text)}\n`)
    },
  }
}

/** The last words of a command that failed, on one line. With --json one line { "error": { code, message } } on standard error. */
export function errorText(error: unknown, json: boolean): string {
  const code = error instanceof CodedError ? error.code : 'internal'
  const message = error instanceof Error ? error.message : String(error)
  if (json) return `${JSON.stringify({ error: { code, message, ...(error instanceof CodedError && details(error)) } })}\n`
  return `memo: ${visible(message.replace(/\s*\n\s*/g, ' '))} [${code}]\n`
}

function details(error: CodedError): { details?: Record<string, JsonValue> } {
  const entries = Object.entries(error.details)
  if (entries.length === 0) return {}
  return {
    details: Object.fromEntries(entries.map(([name, value]) => [name, typeof value === 'bigint' ? String(value) : value])),
  }
}

/** Keys and names come from others: control characters in them must not steer a terminal. Line ends and tabs of our own stay. */
export function visible(text: string): string {
  return text.replace(/[\p{Cc}\p{Bidi_Control}]/gu, (character) => {
    return character === '\n' || character === '\t' ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}

async function write(stream: Writable, piece: Uint8Array | string): Promise<void> {
  if (!stream.write(piece)) await once(stream, 'drain')
}
