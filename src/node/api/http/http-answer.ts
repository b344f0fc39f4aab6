import type { FileHandle } from 'node:fs/promises'
import type { ErrorCode } from '../../../shared/coded-error.ts'
import type { HttpRoute } from '../../observe/node-observer.ts'

/** What a request is answered with; the headers of every answer are added to its own. */
export interface HttpAnswer {
  readonly route: HttpRoute
  readonly status: number
  readonly contentType: string
  /** A file is read while it is sent and closed by whoever sends it. */
  readonly body: string | { readonly file: FileHandle; readonly bytes: number }
  readonly headers?: Readonly<Record<string, string>>
}

const plain = 'text/plain; charset=utf-8'
const json = 'application/json; charset=utf-8'

export function textAnswer(route: HttpRoute, status: number, body: string): HttpAnswer {
  return { route, status, contentType: plain, body }
}

export function jsonAnswer(route: HttpRoute, status: number, value: unknown, headers: HttpAnswer['headers'] = {}): HttpAnswer {
  return { route, status, contentType: json, body: `${JSON.stringify(value)}\n`, headers }
}

/** For programs: the shape in which the command line writes errors too. */
export function errorAnswer(status: number, code: ErrorCode, message: string, headers: HttpAnswer['headers'] = {}): HttpAnswer {
  return jsonAnswer('session', status, { error: { code, message } }, headers)
}

export function methodAnswer(route: HttpRoute, allowed: readonly string[]): HttpAnswer {
  const names = allowed.join(', ')
  return { ...textAnswer(route, 405, `Served here: ${names}.\n`), headers: { Allow: names } }
}
