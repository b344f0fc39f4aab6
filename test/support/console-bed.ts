import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { NodeCrypto } from '../../src/node/adapters/node-crypto/node-crypto.ts'
import { SystemClock } from '../../src/node/adapters/system-clock/system-clock.ts'
import { SystemRandom } from '../../src/node/adapters/system-random/system-random.ts'
import { certificateNames } from '../../src/node/adapters/tls-certificate/certificate-names.ts'
import { makeCertificate } from '../../src/node/adapters/tls-certificate/make-certificate.ts'
import type { HttpSources } from '../../src/node/api/http/http-routes.ts'
import type { HttpFace, HttpServerOptions } from '../../src/node/api/http/http-server.ts'
import { createHttpServer } from '../../src/node/api/http/http-server.ts'
import type { Limits } from '../../src/node/core/base/limits.ts'
import { defaultLimits } from '../../src/node/core/base/limits.ts'
import type { ConsoleObserver } from '../../src/node/observe/console-observer.ts'
import type { Clock } from '../../src/node/ports/clock.ts'
import type { RawAnswer, RawRequest } from './raw-http.ts'
import { rawRequest } from './raw-http.ts'

export const nodeId = '0123456789abcdef'.repeat(4)
export const linkSecret = 'a-secret-of-this-run'

/** A folder as the build of the screens leaves it, beside a file that is nobody's business. */
export class ScreensFolder implements Disposable {
  readonly #root = mkdtempSync(join(tmpdir(), 'memo-screens-'))
  readonly path = join(this.#root, 'renderer')

  constructor() {
    mkdirSync(join(this.path, 'assets'), { recursive: true })
    writeFileSync(join(this.#root, 'secret.json'), '{"secret":true}')
    writeFileSync(join(this.path, 'index.html'), '<!doctype html><meta name="csp-nonce" content="__NONCE__"><p>the screens</p>')
    writeFileSync(join(this.path, 'favicon.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>')
    writeFileSync(join(this.path, 'assets/main-B1x.js'), 'export {}\n')
    writeFileSync(join(this.path, 'assets/empty-B1x.css'), '')
    writeFileSync(join(this.path, '.env.json'), 'hidden')
    writeFileSync(join(this.path, 'notes'), 'no type')
    symlinkSync(join(this.#root, 'secret.json'), join(this.path, 'assets/outside.json'))
    symlinkSync(this.#root, join(this.path, 'assets/up'))
  }

  [Symbol.dispose](): void {
    rmSync(this.#root, { recursive: true, force: true })
  }
}

export interface ConsoleBedOptions {
  readonly limits?: Partial<Limits>
  readonly clock?: Clock
  readonly sources?: Partial<HttpSources>
  readonly rendererFolder?: string
  readonly host?: string
  readonly serve?: HttpServerOptions['serve']
  readonly insecure?: boolean
  readonly tls?: HttpServerOptions['tls']
}

/** The HTTP face of a node on a free port, without the node. */
export class ConsoleBed implements AsyncDisposable {
  readonly face: HttpFace
  /** What the console told its observer: name and facts. */
  readonly events: (readonly [string, unknown])[] = []
  readonly answered: { readonly route: string; readonly status: number }[] = []
  readonly failed: { readonly route: string; readonly error: unknown }[] = []
  port = 0
  certificate: string | undefined

  constructor(options: ConsoleBedOptions = {}) {
    const note = (name: keyof ConsoleObserver) => (facts?: unknown) => void this.events.push([name, facts])
    this.face = createHttpServer(
      {
        host: options.host ?? '127.0.0.1',
        port: 0,
        tls: options.tls,
        insecure: options.insecure ?? false,
        limits: { ...defaultLimits, ...options.limits },
        rendererFolder: options.rendererFolder ?? '/nowhere',
        nodeId,
        linkSecret,
        sources: {
          version: '1.2.3',
          metrics: () => Promise.resolve('# metrics\n'),
          health: () => {
            throw new Error('nobody asked')
          },
          ...options.sources,
        },
        serve: options.serve ?? (() => {}),
      },
      {
        clock: options.clock ?? new SystemClock(),
        random: new SystemRandom(),
        crypto: new NodeCrypto({ verifyKeysMax: 16 }),
        observer: {
          httpAnswered: (facts) => void this.answered.push(facts),
          httpFailed: (facts) => void this.failed.push(facts),
          connectionFailed: () => {},
        },
        consoleObserver: {
          consoleLinkMade: note('consoleLinkMade'),
          consoleSignedIn: note('consoleSignedIn'),
          consoleSignInRefused: note('consoleSignInRefused'),
          consoleSessionEnded: note('consoleSessionEnded'),
          consoleSocketOpened: note('consoleSocketOpened'),
          consoleSocketEnded: note('consoleSocketEnded'),
        },
        makeCertificate,
        certificateNames,
      },
    )
  }

  async start(): Promise<this> {
    const { port, certificate } = await this.face.start()
    this.port = port
    this.certificate = certificate
    return this
  }

  get origin(): string {
    return `http://127.0.0.1:${this.port}`
  }

  ask(path: string, request: Omit<RawRequest, 'path'> = {}): Promise<RawAnswer> {
    return rawRequest(this.port, { ...request, path })
  }

  /** A POST as the own page sends it. */
  post(path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}): Promise<RawAnswer> {
    const own = { Origin: this.origin, 'Content-Type': 'application/json', ...headers }
    return this.ask(path, { method: 'POST', headers: own, body: body === undefined ? '' : JSON.stringify(body) })
  }

  /** The cookie of a new session, as a browser sends it back. */
  async signIn(): Promise<string> {
    const answer = await this.post('/session', { token: this.face.makeToken().token })
    return (answer.headers['set-cookie'] ?? '').split(';', 1)[0] ?? ''
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.face.stop()
  }
}
