import type { IncomingMessage } from 'node:http'
import { z } from 'zod'
import type { Limits } from '../../core/base/limits.ts'
import type { ConsoleObserver } from '../../observe/console-observer.ts'
import type { Crypto } from '../../ports/crypto.ts'
import type { ConsoleSession, ConsoleSessions } from './console-sessions.ts'
import type { HttpAnswer } from './http-answer.ts'
import { errorAnswer, jsonAnswer, methodAnswer } from './http-answer.ts'
import { readJson } from './request-body.ts'
import { callerOf, isOwnOrigin } from './request-names.ts'
import type { SessionCookie } from './session-cookie.ts'
import { SignInLimiter } from './sign-in-limiter.ts'

const secretLengthMax = 128
const signInSchema = z.strictObject({ token: z.string().min(1).max(secretLengthMax) })

export interface SessionRoutesParts {
  readonly scheme: 'http' | 'https'
  readonly limits: Limits
  readonly sessions: ConsoleSessions
  readonly cookie: SessionCookie
  /** Whoever can read it from the data directory may have a token. */
  readonly linkSecret: string
  /** Names this run of the node and nothing else, so that a page can tell that its session went with an earlier one. */
  readonly run: string
  readonly clock: ConstructorParameters<typeof SignInLimiter>[1]
  readonly crypto: Pick<Crypto, 'equal' | 'sha256'>
  readonly observer: ConsoleObserver
}

/** `/session` and what is below it: signing in to the web console, signing out, and making tokens. */
export class SessionRoutes {
  readonly #parts: SessionRoutesParts
  readonly #limiter: SignInLimiter

  constructor(parts: SessionRoutesParts) {
    this.#parts = parts
    this.#limiter = new SignInLimiter(parts.limits, parts.clock)
  }

  /** The session that the cookie of a request belongs to. */
  sessionOf(request: IncomingMessage): ConsoleSession | undefined {
    return this.#parts.sessions.find(this.#parts.cookie.valuesIn(request.headers.cookie))
  }

  /** Undefined: the path is another's. */
  async answer(request: IncomingMessage, path: string): Promise<HttpAnswer | undefined> {
    const { method = '' } = request
    const allowed = methodsOf(path)
    if (allowed === undefined) return undefined
    if (!allowed.includes(method)) return methodAnswer('session', allowed)
    const foreign = method === 'POST' || request.headers.origin !== undefined
    if (foreign && !isOwnOrigin(request, this.#parts.scheme)) {
      return errorAnswer(403, 'permission-denied', 'this request does not come from a page of this node')
    }
    if (method !== 'POST') return this.#state(this.sessionOf(request))
    if (path === '/session/end') return this.#signOut(request)
    return path === '/session' ? await this.#signIn(request) : this.#makeLink(request)
  }

  async #signIn(request: IncomingMessage): Promise<HttpAnswer> {
    const body = await readJson(request, this.#parts.limits.httpBodyBytesMax)
    if (typeof body === 'number') return bodyRefusals[body]
    const asked = signInSchema.safeParse(body.value)
    if (!asked.success) return bodyRefusals[400]
    const from = callerOf(request)
    const begun = this.#parts.sessions.signIn(asked.data.token)
    if (begun === undefined) return this.#refused(from, 'the link was used, has expired, or is not of this node')
    this.#parts.observer.consoleSignedIn({ session: begun.session.number, from })
    return this.#state(begun.session, this.#parts.cookie.set(begun.cookie))
  }

  #signOut(request: IncomingMessage): HttpAnswer {
    const session = this.sessionOf(request)
    const cleared = this.#parts.cookie.clear()
    if (session === undefined) return this.#state(undefined, cleared)
    this.#parts.sessions.end(session)
    this.#parts.observer.consoleSessionEnded({ session: session.number, cause: 'signed-out' })
    return jsonAnswer('session', 200, {}, cleared)
  }

  #state(session: ConsoleSession | undefined, headers: HttpAnswer['headers'] = {}): HttpAnswer {
    const own = { ...headers, 'Memo-Run': this.#parts.run }
    if (session === undefined) return errorAnswer(401, 'unauthenticated', 'nobody has signed in with this browser', own)
    return jsonAnswer('session', 200, { session: session.number, sinceMs: session.sinceMs }, own)
  }

  #makeLink(request: IncomingMessage): HttpAnswer {
    const given = /^Bearer ([\w-]{1,128})$/i.exec(request.headers.authorization ?? '')?.[1] ?? ''
    const { crypto, linkSecret, sessions, observer } = this.#parts
    const hash = (text: string) => crypto.sha256(Buffer.from(text))
    if (!crypto.equal(hash(given), hash(linkSecret)))
      return this.#refused(callerOf(request), 'the secret is not that of this run of the node')
    observer.consoleLinkMade()
    return jsonAnswer('session', 200, sessions.makeToken())
  }

  /** Only failures are limited: whoever shares the address of a guesser, as all programs of one computer do, is not locked out. */
  #refused(from: string, message: string): HttpAnswer {
    const waitMs = this.#limiter.waitMs(from)
    if (waitMs !== undefined) return this.#limited(from, waitMs)
    this.#limiter.failed(from)
    this.#parts.observer.consoleSignInRefused({ reason: 'token', from })
    return errorAnswer(401, 'unauthenticated', message)
  }

  #limited(from: string, waitMs: number): HttpAnswer {
    this.#parts.observer.consoleSignInRefused({ reason: 'rate', from })
    const { consoleSignInFailuresMax, consoleSignInWindowMs } = this.#parts.limits
    const limit = `${consoleSignInFailuresMax} sign-ins failed within ${Math.round(consoleSignInWindowMs / 1000)} s`
    const seconds = Math.ceil(waitMs / 1000)
    return errorAnswer(429, 'limit-exceeded', `${limit}: wait ${seconds} s`, { 'Retry-After': String(seconds) })
  }
}

const bodyRefusals = {
  400: errorAnswer(400, 'invalid-argument', 'the body is not {"token":"..."}'),
  413: errorAnswer(413, 'limit-exceeded', 'the body is too large'),
  415: errorAnswer(415, 'invalid-argument', 'the body must be application/json'),
}

function methodsOf(path: string): readonly string[] | undefined {
  if (path === '/session') return ['GET', 'HEAD', 'POST']
  return path === '/session/end' || path === '/session/link' ? ['POST'] : undefined
}
