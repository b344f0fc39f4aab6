import { readFile, realpath } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { fileStepsOf, fileTypeOf } from '../../shared/file-types.ts'
import { nonceBytes, pageHeaders, pageWithNonce } from '../../shared/page-headers.ts'
import { errorPageAt } from '../window/error-page.ts'
import { ownHost, ownScheme } from './request-filter.ts'

/** Has to be known before the app is ready: the scheme is as safe as https, and pages of it may fetch files of it. */
export const appScheme = { scheme: ownScheme, privileges: { standard: true, secure: true, supportFetchAPI: true } } as const

export interface AskedPage {
  readonly url: string
  readonly method: string
}

/** Answers requests of the window from the folder of the built screens: GET only, one host, nothing outside of the folder. */
export async function answerAppRequest(request: AskedPage, folder: string): Promise<Response> {
  const nonce = Buffer.from(crypto.getRandomValues(new Uint8Array(nonceBytes))).toString('base64')
  const headers = pageHeaders(nonce)
  const refuse = (status: number, text: string, more: Readonly<Record<string, string>> = {}): Response => {
    return new Response(`${text}\n`, { status, headers: { ...headers, 'Content-Type': 'text/plain; charset=utf-8', ...more } })
  }
  if (request.method !== 'GET') return refuse(405, 'Only GET is served here.', { Allow: 'GET' })
  const url = URL.parse(request.url)
  if (url === null || url.protocol !== `${ownScheme}:` || url.host !== ownHost) return refuse(404, 'Not found.')
  const path = url.pathname === '/' ? '/index.html' : url.pathname
  const type = fileTypeOf(path)
  const errorPage = errorPageAt(path, nonce)
  if (errorPage !== undefined && type !== undefined) {
    return new Response(errorPage, { status: 200, headers: { ...headers, 'Content-Type': type, 'Cache-Control': 'no-store' } })
  }
  const file = type === undefined ? undefined : await fileOf(folder, path)
  if (type === undefined || file === undefined) return refuse(404, 'Not found.')
  const body = path.endsWith('.html') ? pageWithNonce(file.toString(), nonce) : new Uint8Array(file)
  return new Response(body, { status: 200, headers: { ...headers, 'Content-Type': type, 'Cache-Control': 'no-cache' } })
}

/** Undefined for what is not a file within the folder; a link that leads out of it does not count as within. */
async function fileOf(folder: string, path: string): Promise<Buffer | undefined> {
  const steps = fileStepsOf(path)
  if (steps === undefined) return undefined
  try {
    const root = await realpath(folder)
    const file = await realpath(join(root, ...steps))
    return file.startsWith(root + sep) ? await readFile(file) : undefined
  } catch {
    return undefined
  }
}
