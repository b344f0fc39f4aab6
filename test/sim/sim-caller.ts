/** What every client of a world has in common: it asks a process that may be gone, cancels, waits, and names its requests. */
import type { RequestId } from '../../src/node/core/base/request-id.ts'
import type { CallContext } from '../../src/node/engine/call-context.ts'
import type { StorageNode } from '../../src/node/engine/storage-node.ts'
import { assert } from '../../src/shared/assert.ts'
import { CodedError } from '../../src/shared/coded-error.ts'
import type { Profile } from './profile.ts'
import type { SeededRandom } from './seeded-random.ts'
import type { SimHost } from './sim-host.ts'
import { Violation } from './violation.ts'
import type { VirtualTime } from './virtual-time.ts'

export interface SimCallerParts {
  readonly name: string
  readonly hosts: readonly SimHost[]
  readonly time: VirtualTime
  readonly random: SeededRandom
  readonly profile: Profile
  readonly tell: (what: string) => void
}

export type Told<Value> =
  | { readonly kind: 'answer'; readonly value: Value }
  /** `unsure`: a change may have happened all the same. */
  | { readonly kind: 'unsure' | 'refused'; readonly code: string }

/** `again`: an earlier try of the same request may have been carried out. */
type Action<Value> = (node: StorageNode, context: CallContext, again: boolean) => Promise<Value>

const triesMax = 4
/** Errors after which a change may have happened all the same. */
const unsureCodes: ReadonlySet<string> = new Set(['deadline-exceeded', 'cancelled', 'outcome-unknown'])

export class SimCaller {
  readonly #parts: SimCallerParts
  readonly #session: Uint8Array
  #issued = 0n
  /** Whom it asks, until it goes to another one. */
  #host: SimHost
  #stays = false

  constructor(parts: SimCallerParts) {
    this.#parts = parts
    this.#session = parts.random.bytes(16)
    const [first] = parts.hosts
    assert(first !== undefined, 'a world has a host')
    this.#host = first
  }

  /** Asks nobody else from here on. */
  stayAt(host: SimHost): void {
    this.#host = host
    this.#stays = true
  }

  tell(what: string): void {
    this.#parts.tell(`${this.#parts.name} ${what}`)
  }

  /** A call that the process does not live to answer is one of unknown outcome. */
  async ask<Value>(action: Action<Value>, home?: SimHost): Promise<Told<Value>> {
    const { random, time, profile } = this.#parts
    const host = home ?? this.#choose()
    const { node, gone } = host
    if (node === undefined) {
      await this.pause(2)
      return { kind: 'refused', code: 'down' }
    }
    const cancel = new AbortController()
    const cancelled = new CodedError('cancelled', 'the client went away')
    using _cut = random.percent(profile.cancelled) ? time.after(random.between(0, 4), () => cancel.abort(cancelled)) : undefined
    const isWhole = this.#parts.hosts.length > 1 && profile.faults['index-damage'] === 0 && !profile.lossy
    const late = new CodedError('deadline-exceeded', 'the client waits no longer')
    using _late = profile.patienceMs > 0 ? time.after(profile.patienceMs, () => cancel.abort(late)) : undefined
    const call = () => action(node, { signal: cancel.signal }, false)
    const answer = (host.isPaused ? new Promise<void>((resolve) => host.happen(resolve)).then(call) : call()).then(
      (value) => ({ kind: 'answer' as const, value }),
      (error: unknown) => {
        if (!(error instanceof CodedError)) throw error
        if (error.code === 'data-corrupt' && isWhole) throw new Violation(`data are corrupt of whole disks: ${error.message}`)
        return { kind: unsureCodes.has(error.code) ? ('unsure' as const) : ('refused' as const), code: error.code }
      },
    )
    const told = await Promise.race([answer, gone])
    return told === 'gone' ? { kind: 'unsure', code: 'gone' } : told
  }

  /**
   * A change under one request id. While its outcome is unknown it is asked for again, as programs do, or given up. `refused`: it
   * certainly changed nothing. `home`: the one host that can make it.
   */
  async change<Value>(what: string, action: Action<Value>, home?: SimHost): Promise<Told<Value>> {
    const requestId = this.#nextId()
    let unsure = false
    for (let tries = 1; ; tries++) {
      const told = await this.ask((node, context) => action(node, { ...context, requestId }, tries > 1), home)
      if (told.kind === 'answer') return told
      this.tell(`${what}: ${told.kind} ${told.code}`)
      unsure ||= told.kind === 'unsure'
      if (!unsure) return told
      if (tries === triesMax || this.#parts.random.percent(30)) return { kind: 'unsure', code: told.code }
      await this.pause(this.#parts.random.between(1, 20))
    }
  }

  #choose(): SimHost {
    const { hosts, random, profile } = this.#parts
    if (hosts.length === 1 || this.#stays) return this.#host
    if (this.#host.node === undefined || random.percent(profile.roaming)) {
      this.#host = random.pick(hosts.filter(({ isMember }) => isMember))
    }
    return this.#host
  }

  async pause(durationMs: number): Promise<void> {
    await new Promise<void>((resolve) => void this.#parts.time.after(durationMs, resolve))
  }

  /** Issued by a clock of its own, which is right. */
  #nextId(): RequestId {
    return { session: this.#session, sequence: ++this.#issued, issued: BigInt(this.#host.trueNowMs()) << 16n }
  }
}
