import { toHex } from '../../core/base/bytes.ts'
import type { Limits } from '../../core/base/limits.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Crypto } from '../../ports/crypto.ts'
import type { Random } from '../../ports/random.ts'

/** Somebody who has signed in with one browser. */
export interface ConsoleSession {
  /** Counts from the start of the node: what logs and screens call it. */
  readonly number: number
  /** Unix milliseconds of the sign-in. */
  readonly sinceMs: number
  /** Aborts when the session ends. */
  readonly ended: AbortSignal
}

export interface SessionPorts {
  readonly clock: Pick<Clock, 'nowMs' | 'monotonicMs'>
  readonly random: Pick<Random, 'bytes'>
  readonly crypto: Pick<Crypto, 'sha256'>
}

interface Held {
  readonly session: ConsoleSession
  readonly end: AbortController
}

const secretBytes = 32

/**
 * Tokens that sign in once and the sessions that they began, in memory only. Of a secret its hash is kept and looked up, so that
 * neither a copy of the memory nor the time of a look-up tells one.
 */
export class ConsoleSessions {
  readonly #limits: Limits
  readonly #ports: SessionPorts
  /** When a token expires, by its hash; the oldest first. */
  readonly #tokens = new Map<string, number>()
  /** By the hash of the cookie; the least recently used first. */
  readonly #sessions = new Map<string, Held>()
  readonly #crowdedOut: (session: ConsoleSession) => void
  #begun = 0

  /** `crowdedOut` is told of a session that ended because there were too many. */
  constructor(limits: Limits, ports: SessionPorts, crowdedOut: (session: ConsoleSession) => void) {
    this.#limits = limits
    this.#ports = ports
    this.#crowdedOut = crowdedOut
  }

  makeToken(): { readonly token: string; readonly expiresInMs: number } {
    const [oldest] = this.#tokens.keys()
    if (oldest !== undefined && this.#tokens.size >= this.#limits.consoleTokensMax) this.#tokens.delete(oldest)
    const token = this.#secret()
    const expiresInMs = this.#limits.consoleTokenTtlMs
    this.#tokens.set(this.#hash(token), this.#ports.clock.monotonicMs() + expiresInMs)
    return { token, expiresInMs }
  }

  /** A session for a token that was not used and has not expired; `cookie` is its secret. */
  signIn(token: string): { readonly cookie: string; readonly session: ConsoleSession } | undefined {
    const hash = this.#hash(token)
    const expiresMs = this.#tokens.get(hash)
    this.#tokens.delete(hash)
    if (expiresMs === undefined || expiresMs <= this.#ports.clock.monotonicMs()) return undefined
    if (this.#sessions.size >= this.#limits.consoleSessionsMax) this.#endLeastRecent()
    const cookie = this.#secret()
    const end = new AbortController()
    this.#begun++
    const session = { number: this.#begun, sinceMs: this.#ports.clock.nowMs(), ended: end.signal }
    this.#sessions.set(this.#hash(cookie), { session, end })
    return { cookie, session }
  }

  /** The session of one of these cookies; others of the same name may have been set by whoever shares the host. */
  find(cookies: readonly string[]): ConsoleSession | undefined {
    for (const cookie of cookies) {
      const hash = this.#hash(cookie)
      const held = this.#sessions.get(hash)
      if (held === undefined) continue
      this.#sessions.delete(hash)
      this.#sessions.set(hash, held)
      return held.session
    }
    return undefined
  }

  end(session: ConsoleSession): void {
    for (const [hash, held] of this.#sessions) {
      if (held.session !== session) continue
      this.#sessions.delete(hash)
      held.end.abort()
    }
  }

  #endLeastRecent(): void {
    const [held] = this.#sessions.values()
    if (held === undefined) return
    this.end(held.session)
    this.#crowdedOut(held.session)
  }

  #secret(): string {
    return Buffer.from(this.#ports.random.bytes(secretBytes)).toString('base64url')
  }

  #hash(secret: string): string {
    return toHex(this.#ports.crypto.sha256(Buffer.from(secret)))
  }
}
