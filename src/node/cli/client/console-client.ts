import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { CodedError } from '../../../shared/coded-error.ts'

const answerTimeoutMs = 3000
const answerBytesMax = 1024 * 1024

export interface ConsolePlace {
  readonly url: string
  /** In PEM; the very certificate that must be shown, whatever names are in it. */
  readonly certificate?: string | undefined
}

/** One request to the HTTP port of a node on this computer; its answer is JSON. Throws CodedError `not-running`. */
export async function askConsole(
  { url, certificate }: ConsolePlace,
  path: string,
  {
    method = 'GET',
    headers = {},
  }: { readonly method?: 'GET' | 'POST'; readonly headers?: Readonly<Record<string, string>> } = {},
): Promise<{ readonly status: number; readonly value: unknown }> {
  const target = new URL(path, url)
  const options = { method, headers, signal: AbortSignal.timeout(answerTimeoutMs), agent: false as const }
  try {
    const request =
      target.protocol === 'https:'
        ? httpsRequest(target, {
            ...options,
            ...(certificate !== undefined && {
              ca: certificate,
              allowPartialTrustChain: true,
              checkServerIdentity: () => undefined,
            }),
          })
        : httpRequest(target, options)
    request.end()
    const [answer] = (await once(request, 'response')) as [IncomingMessage]
    return { status: answer.statusCode ?? 0, value: JSON.parse(await textOf(answer)) as unknown }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new CodedError('not-running', `no answer from the node at ${target.origin}: ${reason}`, { cause: error })
  }
}

async function textOf(answer: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = []
  let bytes = 0
  for await (const piece of answer as AsyncIterable<Buffer>) {
    bytes += piece.length
    if (bytes > answerBytesMax) throw new RangeError(`the answer is larger than ${answerBytesMax} bytes`)
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString()
}
