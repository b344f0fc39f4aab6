import { CodedError, isCoded } from '../../../shared/coded-error.ts'
import type { BlockAddress } from '../../core/base/address.ts'
import { addressFromBytes } from '../../core/base/address.ts'
import type { Limits } from '../../core/base/limits.ts'
import type { Member } from '../../core/consensus/group.ts'
import { compareMembers, isMember } from '../../core/consensus/group.ts'
import type { Proposer } from '../../core/consensus/prepare-alone.ts'
import { requestBody } from '../../core/wire/peer-body.ts'
import type { RoutedAnswer, RoutedKind } from '../../core/wire/routed-call.ts'
import { decodeRoutedAnswer, decodeRoutedRequest, encodeRoutedAnswer, encodeRoutedRequest } from '../../core/wire/routed-call.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Peer, Transport } from '../../ports/transport.ts'
import { sessionEnds } from '../../ports/transport.ts'
import type { HostedBlock } from '../consensus/hosted-block.ts'
import { LostProposal, NotPrimary } from '../consensus/replica-failures.ts'
import type { ReplicaHost } from '../consensus/replica-host.ts'
import { Deadline } from '../deadline.ts'
import { AnswerWatch } from './answer-watch.ts'
import type { Liveness } from './liveness.ts'
import type { PeerSwitch } from './peer-switch.ts'
import { returningTo } from './preferred-order.ts'

/** Asks a member to answer as the primary of a block, or for its own copy. Rejects as a local call would: NotPrimary, LostProposal or a CodedError. */
export type AskMember = (
  to: Member,
  call: { readonly kind: RoutedKind; readonly address: BlockAddress; readonly body: Uint8Array; readonly primaryFailed: boolean },
  signal: AbortSignal,
) => Promise<Uint8Array>

/** Answers a call here: as the primary of the block, or of a `copy` as whoever has one. */
export type ServeCall = (block: HostedBlock, body: Uint8Array, peer: Peer, signal: AbortSignal) => Promise<Uint8Array>

export interface MemberCallsParts {
  readonly transport: Transport
  readonly host: ReplicaHost
  readonly clock: Clock
  readonly limits: Limits
  readonly self: Proposer
  readonly liveness: Liveness
}

/** Calls to primaries, as they leave this node and as they arrive at it. */
export class MemberCalls {
  readonly #parts: MemberCallsParts
  readonly #serving = new Map<RoutedKind, ServeCall>()

  constructor(parts: MemberCallsParts) {
    this.#parts = parts
  }

  /** Before the transport starts. */
  register(peers: PeerSwitch): void {
    peers.onRequest('routed', (peer, body, signal) => this.#arrived(peer, body, signal))
    peers.onRequest('ping', async (_peer, body) => Uint8Array.of(this.#leads(body) ? 1 : 0))
  }

  serve(kind: RoutedKind, serve: ServeCall): void {
    this.#serving.set(kind, serve)
  }

  readonly ask: AskMember = async (to, call, signal) => {
    const { transport, clock, limits, liveness } = this.#parts
    const body = requestBody('routed', encodeRoutedRequest(call))
    const watched = { clock, lookMs: limits.failoverPingMs, mayAnswer: () => liveness.mayAnswer(to.nodeId) }
    using watch = new AnswerWatch(watched, signal)
    const bytes = await transport.request(to.nodeId, body, { signal: watch.signal }).catch((error: unknown) => {
      if (isChange(call.kind) && (watch.isGone || isCutOff(error))) throw cutOff(error)
      throw watch.isGone ? watch.signal.reason : error
    })
    const answer = decodeRoutedAnswer(bytes)
    if (answer === undefined) throw new CodedError('internal', 'a node gave an answer that cannot be read')
    if (answer.kind === 'lost') throw new LostProposal()
    if (answer.kind === 'elsewhere') throw new NotPrimary(answer.members, answer.ahead)
    return answer.body
  }

  async #arrived(peer: Peer, bytes: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    const call = decodeRoutedRequest(bytes)
    const serve = call && this.#serving.get(call.kind)
    if (call === undefined || serve === undefined) throw new CodedError('invalid-argument', 'this call cannot be read')
    try {
      return await this.#parts.host.use(call.address, async (block) => {
        const elsewhere = call.kind === 'copy' ? undefined : await this.#elsewhere(block, call.primaryFailed, signal)
        return encodeRoutedAnswer(elsewhere ?? { kind: 'answered', body: await serve(block, call.body, peer, signal) })
      })
    } catch (error) {
      if (error instanceof LostProposal) return encodeRoutedAnswer({ kind: 'lost' })
      if (!(error instanceof NotPrimary)) throw error
      const { members, ahead } = error
      return encodeRoutedAnswer({ kind: 'elsewhere', members, ahead })
    }
  }

  /** Who should be asked instead: the one who leads, as far as is known here, unless it does not answer. */
  async #elsewhere(block: HostedBlock, primaryFailed: boolean, signal: AbortSignal): Promise<RoutedAnswer | undefined> {
    const { self, liveness, clock, limits } = this.#parts
    const { members } = block.group
    if (!isMember(block.group, self)) return { kind: 'elsewhere', members, ahead: undefined }
    const ahead = block.promisedTo
    if (block.isLeading || ahead === undefined || compareMembers(ahead, self) === 0 || !isMember(block.group, ahead))
      return undefined
    if (!liveness.mayAnswer(ahead.nodeId)) return undefined
    const returning = returningTo(block, self, liveness, clock.monotonicMs(), limits.preferenceIdleMs)
    if (returning !== undefined && compareMembers(returning, self) === 0) return undefined
    if (primaryFailed && !(await this.#isLedBy(ahead, block.address, signal))) return undefined
    return { kind: 'elsewhere', members, ahead: { nodeId: ahead.nodeId, storeId: ahead.storeId } }
  }

  #leads(body: Uint8Array): boolean {
    const address = addressFromBytes(body)
    return address !== undefined && this.#parts.host.peek(address)?.isLeading === true
  }

  /** One ping: what a caller says of a primary is looked at before anybody takes over from it. */
  async #isLedBy({ nodeId }: Member, address: BlockAddress, signal: AbortSignal): Promise<boolean> {
    const { transport, clock, limits } = this.#parts
    using deadline = new Deadline(clock, limits.failoverPingMs, signal)
    try {
      const answer = await transport.request(nodeId, requestBody('ping', address), { signal: deadline.signal })
      return answer[0] === 1
    } catch (error) {
      if (signal.aborted) throw error
      return false
    }
  }
}

function isChange(kind: RoutedKind): boolean {
  return kind === 'page-change' || kind === 'block-change' || kind === 'root-change'
}

/** The session, this node or the other one ended when the call may have left. */
function isCutOff(error: unknown): boolean {
  if (isCoded(error, 'not-running')) return true
  return isCoded(error, 'unavailable') && sessionEnds.some((reason) => reason === error.details.reason)
}

function cutOff(cause: unknown): CodedError {
  return new CodedError('outcome-unknown', 'the node was lost before it answered; whether this was carried out is unknown', {
    cause,
  })
}
