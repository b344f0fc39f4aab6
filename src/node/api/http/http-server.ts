import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { hostname } from 'node:os'
import type { Duplex } from 'node:stream'
import { assert } from '../../../shared/assert.ts'
import { nonceBytes } from '../../../shared/page-headers.ts'
import type { Limits } from '../../core/base/limits.ts'
import type { ConsoleObserver } from '../../observe/console-observer.ts'
import type { NodeObserver } from '../../observe/node-observer.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Crypto } from '../../ports/crypto.ts'
import type { Random } from '../../ports/random.ts'
import { isLoopback } from '../grpc/bind-safety.ts'
import type { CertificateMaker, TlsFiles } from '../grpc/tls-files.ts'
import { loadTlsFiles } from '../grpc/tls-files.ts'
import type { ConsoleSession } from './console-sessions.ts'
import { ConsoleSessions } from './console-sessions.ts'
import type { ConsoleSocketsParts } from './console-sockets.ts'
import { ConsoleSockets } from './console-sockets.ts'
import type { HttpAnswer } from './http-answer.ts'
import { textAnswer } from './http-answer.ts'
import { closeListener, listen, makeListener } from './http-listener.ts'
import type { HttpRoutes, HttpSources } from './http-routes.ts'
import { answerOf, isSocketPath, routeOf } from './http-routes.ts'
import { isOwnName, isOwnOrigin } from './request-names.ts'
import { answerHeaders, sendAnswer, sendRaw } from './send-answer.ts'
import { SessionCookie } from './session-cookie.ts'
import { SessionRoutes } from './session-routes.ts'
import { StaticFiles } from './static-files.ts'

export interface HttpServerOptions {
  readonly host: string
  /** 0 picks a free one. */
  readonly port: number
  readonly tls: TlsFiles | undefined
  /** Other computers are told what is measured without a session too. */
  readonly insecure: boolean
  readonly limits: Limits
  /** Folder of the built screens; it need not exist. */
  readonly rendererFolder: string
  readonly nodeId: string
  /** Whoever brings it gets a token that signs in to the web console once. */
  readonly linkSecret: string
  readonly sources: HttpSources
  /** Serves the calls of a screen that has signed in. */
  readonly serve: ConsoleSocketsParts['serve']
}

export interface HttpServerPorts {
  readonly clock: Clock
  readonly random: Pick<Random, 'bytes'>
  readonly crypto: Pick<Crypto, 'equal' | 'sha256'>
  readonly observer: Pick<NodeObserver, 'httpAnswered' | 'httpFailed' | 'connectionFailed'>
  readonly consoleObserver: ConsoleObserver
  readonly makeCertificate: CertificateMaker
  /** Whether a certificate is one for a DNS name. */
  readonly certificateNames: (certificatePem: string) => (name: string) => boolean
}

export interface HttpAddress {
  readonly host: string
  readonly port: number
  /** How this computer reaches it. */
  readonly url: string
  /** How a browser is told to reach it: by the name of this computer where it listens at every address. */
  readonly browserUrl: string
  /** The certificate that it shows, in PEM. */
  readonly certificate: string | undefined
}

export interface HttpFace extends AsyncDisposable {
  /** Resolves to where it listens; throws CodedError `port-in-use`, `config-invalid` or `key-unavailable` when it cannot. */
  start(): Promise<HttpAddress>
  /** A token that signs in once, within `expiresInMs`. */
  makeToken(): { readonly token: string; readonly expiresInMs: number }
  /** Ends the sockets of screens and refuses new requests; idempotent. */
  stop(): Promise<void>
}

/** The node's HTTP port: its screens with their sessions and sockets, and a few pages for programs that watch it. */
export function createHttpServer(options: HttpServerOptions, ports: HttpServerPorts): HttpFace {
  const face = new RunningHttp(options, ports)
  return {
    start: () => face.start(),
    makeToken: () => face.makeToken(),
    stop: () => face.stop(),
    [Symbol.asyncDispose]: () => face.stop(),
  }
}

class RunningHttp {
  readonly #options: HttpServerOptions
  readonly #ports: HttpServerPorts
  readonly #scheme: 'http' | 'https'
  readonly #tokens: ConsoleSessions
  readonly #sessions: SessionRoutes
  readonly #sockets: ConsoleSockets
  readonly #routes: HttpRoutes
  #isServed: (name: string) => boolean
  #server: Server | undefined
  #stopped: Promise<void> | undefined

  constructor(options: HttpServerOptions, ports: HttpServerPorts) {
    const { limits, tls } = options
    const observer = ports.consoleObserver
    this.#options = options
    this.#ports = ports
    this.#scheme = tls === undefined ? 'http' : 'https'
    this.#isServed = (name) => name === options.host.toLowerCase()
    this.#tokens = new ConsoleSessions(limits, ports, ({ number }) => {
      observer.consoleSessionEnded({ session: number, cause: 'too-many' })
    })
    this.#sessions = new SessionRoutes({
      ...{ limits, observer, clock: ports.clock, crypto: ports.crypto, linkSecret: options.linkSecret },
      scheme: this.#scheme,
      run: Buffer.from(ports.random.bytes(runBytes)).toString('hex'),
      sessions: this.#tokens,
      cookie: new SessionCookie(options.nodeId, tls !== undefined),
    })
    this.#sockets = new ConsoleSockets(
      { limits, observer, clock: ports.clock, serve: options.serve, headers: () => answerHeaders(this.#nonce()) },
      (socket, status) => this.#refuse(socket, status, 'The request is not one for a WebSocket.\n'),
    )
    const files = new StaticFiles(options.rendererFolder)
    this.#routes = { files, sources: options.sources, sessions: this.#sessions, insecure: options.insecure }
  }

  async start(): Promise<HttpAddress> {
    assert(this.#server === undefined, 'an HTTP face is started once')
    const { host, limits, tls } = this.#options
    const pair = tls && (await loadTlsFiles(tls, { host, port: 'HTTP' }, this.#ports.makeCertificate))
    this.#isServed = this.#servedNames(pair?.certificate)
    this.#server = makeListener(limits, pair, {
      request: (request, response) => void this.#answer(request, response),
      upgrade: (request, socket, head) => this.#upgrade(request, socket, head),
      malformed: (socket, status) => this.#refuse(socket, status, 'The request cannot be read.\n'),
    })
    const bound = await listen(this.#server, host, this.#options.port)
    const at = (name: string) => `${this.#scheme}://${name.includes(':') ? `[${name}]` : name}:${bound.port}`
    const everywhere = bound.address === '0.0.0.0' || bound.address === '::'
    return {
      host: bound.address,
      port: bound.port,
      url: at(everywhere ? '127.0.0.1' : bound.address),
      browserUrl: at(everywhere ? hostname() : bound.address),
      certificate: pair?.certificate,
    }
  }

  makeToken(): ReturnType<HttpFace['makeToken']> {
    return this.#tokens.makeToken()
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  async #stop(): Promise<void> {
    const closed = this.#server && closeListener(this.#server, this.#options.limits.httpStopGraceMs)
    await this.#sockets.stop()
    await closed
  }

  /** Names of this computer only where others reach it: on loopback nobody needs them. */
  #servedNames(certificate: string | undefined): (name: string) => boolean {
    const { host } = this.#options
    const names = new Set([host.toLowerCase(), ...(isLoopback(host) ? [] : [hostname().toLowerCase()])])
    const certified = certificate === undefined ? () => false : this.#ports.certificateNames(certificate)
    return (name) => names.has(name) || certified(name)
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const nonce = this.#nonce()
    response.on('error', (error) => this.#ports.observer.connectionFailed({ error }))
    const answer = await this.#answerOf(request, nonce)
    this.#ports.observer.httpAnswered({ route: answer.route, status: answer.status })
    try {
      await sendAnswer(request, response, nonce, answer)
    } catch (error) {
      response.destroy()
      this.#ports.observer.connectionFailed({ error })
    }
  }

  async #answerOf(request: IncomingMessage, nonce: string): Promise<HttpAnswer> {
    if (request.headers.expect !== undefined) return textAnswer('other', 417, 'Nothing is promised here.\n')
    if (!isOwnName(request.headers.host, this.#isServed)) return textAnswer('other', 421, foreignName)
    try {
      return await answerOf(request, nonce, this.#routes)
    } catch (error) {
      const route = routeOf(request)
      this.#ports.observer.httpFailed({ route, error })
      return textAnswer(route, 503, 'The node cannot answer at the moment.\n')
    }
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const admitted = this.#admit(request)
    if ('refusal' in admitted) {
      this.#refuse(socket, ...admitted.refusal)
      return
    }
    this.#ports.observer.httpAnswered({ route: 'rpc', status: 101 })
    this.#sockets.accept(request, socket, head, admitted.session)
  }

  #admit(request: IncomingMessage): { readonly session: ConsoleSession } | { readonly refusal: readonly [number, string] } {
    if (!isOwnName(request.headers.host, this.#isServed)) return { refusal: [421, foreignName] }
    if (!isSocketPath(request)) return { refusal: [404, 'No WebSocket is served here.\n'] }
    if (!isOwnOrigin(request, this.#scheme)) return { refusal: [403, 'This request does not come from a page of this node.\n'] }
    const session = this.#sessions.sessionOf(request)
    if (session === undefined) return { refusal: [401, 'Nobody has signed in with this browser.\n'] }
    const asksForMore = request.headers['sec-websocket-protocol'] !== undefined
    if (asksForMore) return { refusal: [400, 'No other protocol is spoken here.\n'] }
    return this.#sockets.hasRoomFor(session) ? { session } : { refusal: [503, 'Too many screens are connected.\n'] }
  }

  #refuse(socket: Duplex, status: number, message: string): void {
    this.#ports.observer.httpAnswered({ route: 'rpc', status })
    sendRaw(socket, this.#nonce(), status, message)
  }

  #nonce(): string {
    return Buffer.from(this.#ports.random.bytes(nonceBytes)).toString('base64')
  }
}

const runBytes = 8
const foreignName = 'This node is not served under that name.\n'
