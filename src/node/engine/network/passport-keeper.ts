import { CodedError } from '../../../shared/coded-error.ts'
import { issuePassport } from '../../core/access/issue-passport.ts'
import { judgePassport } from '../../core/access/judge-passport.ts'
import type { Passport, PassportChain } from '../../core/access/passport.ts'
import { decodePassportChain, encodePassportChain, passportSerialBytes } from '../../core/access/passport.ts'
import { isOrphaned } from '../../core/access/revocation.ts'
import { nodeIdOf } from '../../core/access/user-keys.ts'
import { equalBytes } from '../../core/base/bytes.ts'
import type { Limits } from '../../core/base/limits.ts'
import { requestBody } from '../../core/wire/peer-body.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Crypto } from '../../ports/crypto.ts'
import type { Logger } from '../../ports/logger.ts'
import type { Random } from '../../ports/random.ts'
import type { RecordStore } from '../../ports/record-store.ts'
import type { Peer, Transport } from '../../ports/transport.ts'
import type { PeerSwitch } from '../cluster/peer-switch.ts'
import { Deadline } from '../deadline.ts'
import type { NetworkView } from './network-view.ts'
import type { NodeKeys } from './node-keys.ts'
import { writeOwnPassport } from './own-passport.ts'
import { selfIssuedPassport } from './self-issued-passport.ts'

export interface PassportKeeperParts {
  readonly store: RecordStore
  readonly clock: Clock
  readonly random: Random
  readonly crypto: Crypto
  readonly limits: Limits
  readonly logger: Logger
  readonly keys: NodeKeys
  readonly view: NetworkView
  readonly transport: Transport
}

/**
 * This node's passport, renewed when half of its time is over: the owner's node issues its own anew, every other one asks members that may
 * invite, until one gives it longer. And the other side of it: a member that asks is given again what it has, for longer.
 */
export class PassportKeeper {
  readonly #parts: PassportKeeperParts
  #chain: PassportChain
  #running: { readonly controller: AbortController; readonly ended: Promise<void> } | undefined

  constructor(parts: PassportKeeperParts, chain: PassportChain) {
    this.#parts = parts
    this.#chain = chain
  }

  get chain(): PassportChain {
    return this.#chain
  }

  /** Before the transport starts. */
  register(peers: PeerSwitch): void {
    peers.onRequest('renew', async (peer, body) => this.#renewFor(peer, body))
  }

  start(): void {
    if (this.#running !== undefined) return
    const controller = new AbortController()
    this.#running = { controller, ended: this.#run(controller.signal) }
  }

  async stop(): Promise<void> {
    const running = this.#running
    this.#running = undefined
    running?.controller.abort(new CodedError('not-running', 'the node is stopping'))
    await running?.ended
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, limits, logger } = this.#parts
    while (!signal.aborted) {
      try {
        if (this.#isDue()) await this.#renew(signal)
      } catch (error) {
        if (!signal.aborted) logger.warn('the passport of this node could not be renewed; it is tried again', { error })
      }
      await clock.sleep(limits.passportLookMs, signal).catch(() => undefined)
    }
  }

  #isDue(): boolean {
    const [own] = this.#chain
    if (own === undefined) return false
    const { crypto, view } = this.#parts
    if (isOrphaned(crypto, this.#chain, view.facts.admission.revocations)) return true
    return this.#parts.clock.nowMs() >= (own.notBeforeMs + endOf(this.#chain)) / 2
  }

  async #renew(signal: AbortSignal): Promise<void> {
    const { random, keys, view, clock, limits, transport, logger } = this.#parts
    const { networkId, owner } = view
    const issued = selfIssuedPassport({ random, keys, networkId, owner, nowMs: clock.nowMs(), limits })
    if (issued !== undefined) {
      this.#chain = issued
      return
    }
    for (const { nodeId, rights } of transport.peers) {
      if (!rights.invite) continue
      try {
        using deadline = new Deadline(clock, limits.routeTimeoutMs, signal)
        const body = requestBody('renew', encodePassportChain(this.#chain))
        await this.#take(await transport.request(nodeId, body, { signal: deadline.signal }))
        if (!this.#isDue()) return
      } catch (error) {
        if (signal.aborted) throw error
        logger.debug('a member did not renew the passport of this node', { error })
      }
    }
    throw new CodedError('unavailable', 'no member that is reached renews the passport of this node')
  }

  /** Takes what is good and better than what is here. */
  async #take(bytes: Uint8Array): Promise<void> {
    const { store } = this.#parts
    const chain = decodePassportChain(bytes)
    const holder = chain && this.#holderOf(chain)
    const [own] = this.#chain
    if (chain === undefined || holder === undefined || own === undefined) return
    const isOurs = equalBytes(holder.nodeKey, own.nodeKey) && equalBytes(holder.userKey, own.userKey)
    const { revocations } = this.#parts.view.facts.admission
    const isBetter =
      endOf(chain) > endOf(this.#chain) ||
      (isOrphaned(this.#parts.crypto, this.#chain, revocations) && !isOrphaned(this.#parts.crypto, chain, revocations))
    if (!isOurs || !isBetter) return
    await store.commit([writeOwnPassport(chain)], { space: 'reserve' })
    this.#chain = chain
    this.#parts.logger.info('the passport of this node was renewed', { untilMs: endOf(chain) })
  }

  /** The same for longer, to whom its passport still lets in. */
  #renewFor(peer: Peer, body: Uint8Array): Uint8Array {
    const { crypto, clock, limits, random, keys, view } = this.#parts
    const presented = decodePassportChain(body)
    const holder = presented && this.#holderOf(presented)
    if (holder === undefined || !equalBytes(nodeIdOf(crypto, holder.nodeKey), peer.nodeId)) {
      throw new CodedError('permission-denied', 'this is no passport of the node that asks')
    }
    const nowMs = Math.floor(clock.nowMs())
    const { networkId, userKey, userAgreementKey, nodeKey, rights } = holder
    const chain = issuePassport(
      { signer: keys.user.signing, owner: view.owner, chain: this.#chain },
      {
        ...{ networkId, userKey, userAgreementKey, nodeKey, rights },
        notBeforeMs: nowMs - limits.clockSkewMaxMs,
        notAfterMs: nowMs + limits.passportValidityMs,
        serial: random.bytes(passportSerialBytes),
      },
    )
    if (chain === undefined) throw new CodedError('permission-denied', 'the passport of this node does not let it renew others')
    return encodePassportChain(chain)
  }

  /** Undefined where the chain does not let its holder in. */
  #holderOf(chain: PassportChain): Passport | undefined {
    const { crypto, clock, limits, view } = this.#parts
    const verdict = judgePassport(crypto, {
      chain,
      networkId: view.networkId,
      owner: view.owner,
      nowMs: clock.nowMs(),
      revocations: view.facts.admission.revocations,
      isPlaced: (nodeId) => view.isOfNetwork(nodeId),
      skewToleranceMs: limits.clockSkewMaxMs,
      enforceExpiry: true,
    })
    return verdict.kind === 'good' ? verdict.holder : undefined
  }
}

/** When the first of the links ends. */
function endOf(chain: PassportChain): number {
  return Math.min(...chain.map(({ notAfterMs }) => notAfterMs))
}
