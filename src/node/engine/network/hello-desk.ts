import { assert } from '../../../shared/assert.ts'
import { bindingValidityMaxMs, signBinding } from '../../core/access/certificate-binding.ts'
import { encodeHello, helloBytesMax, spokenVersions } from '../../core/access/hello.ts'
import type { HelloFault, HelloQuestion, MemberQuestion, ProvenMember } from '../../core/access/judge-hello.ts'
import { judgeHello } from '../../core/access/judge-hello.ts'
import type { SignedNodeRecord } from '../../core/access/node-record.ts'
import type { PassportChain } from '../../core/access/passport.ts'
import type { RevocationTarget } from '../../core/access/revocation.ts'
import { nodeIdOf } from '../../core/access/user-keys.ts'
import { emptyBytes } from '../../core/base/bytes.ts'
import type { Limits } from '../../core/base/limits.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Crypto, SigningKey } from '../../ports/crypto.ts'
import type { HelloDesk, HelloRefusal, HelloSide, HelloVerdict } from '../../ports/transport.ts'

/** What a node says, and judges others by, as it stands at the moment. */
export interface Membership {
  /** Ed25519 public key of the network's present owner. */
  readonly owner: Uint8Array
  readonly chain: PassportChain
  readonly record: SignedNodeRecord
  readonly newestEpoch: number
  readonly revocationVersion: number
  readonly revocations: readonly RevocationTarget[]
  /** Whether the placement map names the node. */
  readonly isPlaced: (nodeId: Uint8Array) => boolean
  /** False while this node's clock is far from that of its peers. */
  readonly enforceExpiry: boolean
  /** Statements of the network's forced recoveries, the oldest first. */
  readonly recoveries: readonly Uint8Array[]
}

/** What every desk needs, of a member and of a node that asks to become one. */
export interface DeskParts {
  readonly crypto: Crypto
  readonly clock: Pick<Clock, 'nowMs'>
  readonly node: SigningKey
  readonly networkId: Uint8Array
  readonly limits: Pick<Limits, 'bindingValidityMs' | 'clockSkewMaxMs'>
}

export interface HelloDeskParts extends DeskParts {
  membership(): Membership
  /** Told of every member whose hello was found good, before its session begins. */
  met(member: ProvenMember): void
  /** Whether a forced recovery of the network lies between this node and the other end. */
  readonly isParted: MemberQuestion['isParted']
}

/** Makes and judges the hellos of a member. */
export class MemberHelloDesk implements HelloDesk {
  readonly #parts: HelloDeskParts
  readonly #ownNodeId: Uint8Array

  constructor(parts: HelloDeskParts) {
    this.#parts = parts
    this.#ownNodeId = nodeIdOf(parts.crypto, parts.node.publicKey)
  }

  ownHello(ownChannel: Uint8Array): Uint8Array {
    const { networkId } = this.#parts
    const { chain, record, newestEpoch, revocationVersion, recoveries } = this.#parts.membership()
    const { binding, nowMs } = bindNow(this.#parts, ownChannel)
    const facts = { chain, record, newestEpoch, revocationVersion, nowMs, recoveries }
    return encodeHello({ kind: 'member', networkId, versions: spokenVersions, binding, ...facts })
  }

  judge(hello: Uint8Array, peerChannel: Uint8Array, side: HelloSide): HelloVerdict {
    const { crypto, isParted } = this.#parts
    const { owner, revocations, isPlaced, enforceExpiry } = this.#parts.membership()
    const asked = questionOf(this.#parts, this.#ownNodeId, hello, peerChannel, side)
    const question = { ...asked, owner, revocations, isPlaced, enforceExpiry, isParted }
    const verdict = judgeHello(crypto, question)
    switch (verdict.kind) {
      case 'refused':
        return refusal(verdict.reason)
      case 'joiner':
        return { kind: 'joiner' }
      case 'member': {
        this.#parts.met(verdict)
        const { nodeId, record, passport, validUntilMs } = verdict
        const { storeId, bootCount } = record
        return { kind: 'peer', peer: { nodeId, storeId, bootCount, rights: passport.rights }, validUntilMs }
      }
    }
  }
}

/** The binding of this node to a channel, from the present moment on. */
export function bindNow({ crypto, clock, node, networkId, limits }: DeskParts, channel: Uint8Array) {
  assert(limits.bindingValidityMs <= bindingValidityMaxMs, 'a binding is valid for as long as others accept')
  const nowMs = Math.floor(clock.nowMs())
  const validUntilMs = nowMs + limits.bindingValidityMs
  return { nowMs, binding: signBinding(crypto, node, { networkId, channel, validUntilMs }) }
}

/** The question about a hello, its expiry to be enforced. */
export function questionOf(
  { clock, networkId, limits }: DeskParts,
  ownNodeId: Uint8Array,
  hello: Uint8Array,
  channel: Uint8Array,
  side: HelloSide,
): HelloQuestion {
  return {
    // What is decoded looks into these bytes and is kept for as long as the session: it must not hold a buffer of the socket.
    hello: hello.length <= helloBytesMax ? Uint8Array.from(hello) : emptyBytes,
    channel,
    ...(side.kind === 'dialled' && { dialled: side.nodeId }),
    ownNodeId,
    networkId,
    versions: spokenVersions,
    nowMs: clock.nowMs(),
    skewMaxMs: limits.clockSkewMaxMs,
    enforceExpiry: true,
  }
}

export function refusal(reason: HelloFault): { readonly kind: 'refused'; readonly reason: HelloRefusal } {
  return { kind: 'refused', reason }
}
