import { CodedError, isCoded } from '../../../shared/coded-error.ts'
import type { BlockAddress } from '../../core/base/address.ts'
import type { Limits } from '../../core/base/limits.ts'
import type { Moment } from '../../core/consensus/copy-freshness.ts'
import type { Member } from '../../core/consensus/group.ts'
import { compareMembers, membersOf } from '../../core/consensus/group.ts'
import type { CopiedKind, CopyAnswer, CopyQuestion } from '../../core/wire/copy-calls.ts'
import { decodeCopyAnswer, decodeCopyQuestion, encodeCopyAnswer, encodeCopyQuestion } from '../../core/wire/copy-calls.ts'
import type { Clock } from '../../ports/clock.ts'
import type { RecordStore } from '../../ports/record-store.ts'
import type { ReadConsistency } from '../call-context.ts'
import type { HostedBlock } from '../consensus/hosted-block.ts'
import type { ReplicaHost } from '../consensus/replica-host.ts'
import { Deadline } from '../deadline.ts'
import { storeRefusal } from '../store-refusal.ts'
import type { AskMember, ServeCall } from './ask-member.ts'
import type { CopyEvidence } from './copy-evidence.ts'
import type { Liveness } from './liveness.ts'

/** Where a read of a copy found it; closed, since it labels a metric. */
export type CopySource = 'own' | 'other' | 'primary'

export interface CopyReadsParts {
  readonly host: ReplicaHost
  readonly store: RecordStore
  readonly evidence: CopyEvidence
  readonly ask: AskMember
  readonly clock: Clock
  readonly limits: Pick<Limits, 'copyAskMs' | 'routeTimeoutMs' | 'stalenessMaxMs'>
  readonly self: Member
  readonly liveness: Liveness
  /** How long messages take to a node and back; undefined where that is not known. */
  readonly tripMs: (nodeId: Uint8Array) => number | undefined
  /** As of BlockRoute. */
  readonly holders: (address: BlockAddress) => readonly Member[]
  /** Must not throw. */
  readonly answered: (facts: { readonly consistency: 'bounded' | 'eventual'; readonly source: CopySource }) => void
}

/** What a read of a copy found. */
export interface Copied<Answer> {
  readonly answer: Answer
  /**
   * Milliseconds, rounded up: everything that was answered longer before the read began is in it. 0: it is as of now. Undefined: nobody knows,
   * which only an eventual read takes.
   */
  readonly ageMs: number | undefined
}

/** A read that any copy may answer, in the words of those who know what is in it. */
export interface CopyCall<Answer> {
  readonly kind: CopiedKind
  /** From what this node has applied. */
  readonly local: (block: HostedBlock) => Answer | Promise<Answer>
  /** As it is asked of others, and as they answer it. */
  readonly body: () => Uint8Array
  readonly decode: (bytes: Uint8Array) => Answer | undefined
  /** From the primary, linearizably. */
  readonly now: (signal: AbortSignal) => Promise<Answer>
}

/** Answers what another node asks of a copy here. */
export type ServeCopy = (block: HostedBlock, body: Uint8Array) => Promise<Uint8Array>

type Bounded = Exclude<ReadConsistency, { kind: 'linearizable' }>

type OwnCopy<Answer> =
  | ({ readonly kind: 'copy' } & Copied<Answer>)
  /** Fresh enough by what the primary says, but not here yet. */
  | { readonly kind: 'behind' }
  /** Nobody says that it is fresh enough. */
  | { readonly kind: 'stale'; readonly reason: CodedError | undefined }
  | { readonly kind: 'none' }

/**
 * Reads that need not see the newest state: of the copy here where this node holds one, else of the nearest member that does. A bounded
 * read has the primary asked first where nobody knows the copy to be young enough; where no primary answers, a copy that is young enough
 * all the same serves. What no copy answers is asked of the primary.
 */
export class CopyReads {
  readonly #parts: CopyReadsParts
  readonly #serving = new Map<CopiedKind, ServeCopy>()

  constructor(parts: CopyReadsParts) {
    this.#parts = parts
  }

  /** Before the transport starts. */
  answer(kind: CopiedKind, serve: ServeCopy): void {
    this.#serving.set(kind, serve)
  }

  /** Rejects with `unavailable` where no copy is at hand that is young enough. */
  async read<Answer>(
    address: BlockAddress,
    consistency: ReadConsistency,
    call: CopyCall<Answer>,
    signal: AbortSignal,
  ): Promise<Copied<Answer>> {
    if (consistency.kind === 'linearizable') return asOfNow(await call.now(signal))
    const { host, evidence, answered } = this.#parts
    const start = evidence.now()
    let isOpen = false
    try {
      const { source, ...copied } = await host.use(address, async (block) => {
        isOpen = true
        // A group of one has one copy, which its store may have refused to change.
        if (block.isAlone) return { ...asOfNow(await call.now(signal)), source: 'own' as const }
        return await this.#read(block, consistency, start, call, signal)
      })
      answered({ consistency: consistency.kind, source })
      return copied
    } catch (error) {
      if (isOpen || !isCoded(error, 'data-corrupt')) throw error
      // What cannot be read here others may hold whole.
      return asOfNow(await call.now(signal))
    }
  }

  /** Of another node. */
  readonly serve: ServeCall = async (block, body, peer, signal) => {
    const { evidence, limits } = this.#parts
    const start = evidence.now()
    const question = decodeCopyQuestion(body)
    const serve = question && this.#serving.get(question.kind)
    if (question === undefined || serve === undefined)
      throw new CodedError('invalid-argument', 'a question for a copy cannot be read')
    if (!peer.rights.read) throw new CodedError('permission-denied', 'this node may not read')
    if (question.boundMs !== undefined && question.boundMs > limits.stalenessMaxMs) {
      throw new CodedError('invalid-argument', 'a copy is asked for that may be older than any bound')
    }
    const local = (held: HostedBlock): Promise<Uint8Array> => serve(held, question.body)
    const own = await this.#own(block, consistencyOf(question), start, local, question.mayAsk, signal)
    if (own.kind === 'copy') return encodeCopyAnswer({ kind: 'copy', ageMs: own.ageMs, body: own.answer })
    return encodeCopyAnswer(own.kind === 'none' ? { kind: 'none', members: block.group.members } : { kind: own.kind })
  }

  async #read<Answer>(
    block: HostedBlock,
    consistency: Bounded,
    start: Moment,
    call: CopyCall<Answer>,
    signal: AbortSignal,
  ): Promise<Copied<Answer> & { readonly source: CopySource }> {
    const own = await this.#own(block, consistency, start, call.local, true, signal)
    if (own.kind === 'copy') return { answer: own.answer, ageMs: own.ageMs, source: 'own' }
    if (own.kind !== 'behind') {
      const others = new OtherCopies(this.#parts, block, own.kind === 'none')
      const answer = await others.find(consistency, call, signal)
      if (answer !== undefined) return { ...answer, source: 'other' }
      // Somebody has a copy, and nobody knows it to be young enough: the primary was asked already.
      if (own.kind === 'stale') throw own.reason ?? notConfirmed()
      if (others.isStale) throw notConfirmed()
    }
    return { ...asOfNow(await call.now(signal)), source: 'primary' }
  }

  /** `mayAsk`: the primary, where it is not known that the copy is young enough. */
  async #own<Answer>(
    block: HostedBlock,
    consistency: Bounded,
    start: Moment,
    local: (block: HostedBlock) => Answer | Promise<Answer>,
    mayAsk: boolean,
    signal: AbortSignal,
  ): Promise<OwnCopy<Answer>> {
    if (!this.#holds(block)) return { kind: 'none' }
    if (consistency.kind === 'bounded' && !this.#parts.evidence.isFresh(block, start, consistency.boundMs)) {
      if (!mayAsk) return { kind: 'stale', reason: undefined }
      try {
        if (!(await this.#parts.evidence.confirm(block, start, consistency.boundMs, signal))) return { kind: 'behind' }
      } catch (error) {
        if (signal.aborted || !(error instanceof CodedError)) throw error
        return { kind: 'stale', reason: error }
      }
    }
    const { replacements } = block.state
    // Before it is read: what is applied meanwhile makes the copy younger, and may not be in the answer.
    const ageMs = this.#parts.evidence.ageMs(block, start)
    const answer = await local(block)
    // A state that was replaced meanwhile was read half of the one and half of the other.
    return this.#holds(block) && block.state.replacements === replacements ? { kind: 'copy', answer, ageMs } : { kind: 'none' }
  }

  /** There is a state here, whole, of a block whose group this node belongs to as far as it knows. */
  #holds({ record, state }: HostedBlock): boolean {
    const { host, store, self } = this.#parts
    // A store that lost records may lack what its record says that it has.
    if (record === undefined || state.isInstalling || host.withdrawal !== undefined || storeRefusal(store) !== undefined)
      return false
    const { members, learners } = record.group
    return [...members, ...learners].some((member) => compareMembers(member, self) === 0)
  }
}

/** The copies that other nodes have of one block, asked for one after the other by one read. */
class OtherCopies {
  readonly #parts: CopyReadsParts
  readonly #block: HostedBlock
  /** The next one that is asked may have the primary asked. */
  #mayAsk: boolean
  #told: readonly Member[] = []
  readonly #asked: Member[] = []
  /** A copy was found that nobody knows to be young enough. */
  isStale = false

  constructor(parts: CopyReadsParts, block: HostedBlock, mayAsk: boolean) {
    this.#parts = parts
    this.#block = block
    this.#mayAsk = mayAsk
  }

  /** Undefined where none of them has one that will do. */
  async find<Answer>(consistency: Bounded, call: CopyCall<Answer>, signal: AbortSignal): Promise<Copied<Answer> | undefined> {
    for (let member = this.#next(); member !== undefined; member = this.#next()) {
      this.#asked.push(member)
      const answer = await this.#ask(member, consistency, call, signal)
      // The primary answers: whoever wants the state has it there.
      if (answer?.kind === 'behind') return undefined
      if (answer?.kind === 'none') this.#told = membersOf([this.#told, answer.members])
      if (answer?.kind === 'stale') {
        this.isStale = true
        this.#mayAsk = false
      }
      if (answer?.kind !== 'copy') continue
      if (consistency.kind === 'bounded' && !(answer.ageMs !== undefined && answer.ageMs <= consistency.boundMs)) continue
      const found = call.decode(answer.body)
      // It began later than the read: what is young enough by its start is younger by that of the read.
      if (found !== undefined) return { answer: found, ageMs: answer.ageMs }
    }
    return undefined
  }

  /** Undefined where it does not answer. */
  async #ask<Answer>(
    member: Member,
    consistency: Bounded,
    call: CopyCall<Answer>,
    signal: AbortSignal,
  ): Promise<CopyAnswer | undefined> {
    const { ask, clock, limits } = this.#parts
    const boundMs = consistency.kind === 'bounded' ? consistency.boundMs : undefined
    const mayAsk = boundMs !== undefined && this.#mayAsk
    using deadline = new Deadline(clock, limits.copyAskMs + (mayAsk ? limits.routeTimeoutMs : 0), signal)
    const body = encodeCopyQuestion({ kind: call.kind, boundMs, mayAsk, body: call.body() })
    try {
      const question = { kind: 'copy', address: this.#block.address, body, primaryFailed: false } as const
      return decodeCopyAnswer(await ask(member, question, deadline.signal))
    } catch (error) {
      if (signal.aborted) throw signal.reason
      if (error instanceof CodedError) return undefined
      throw error
    }
  }

  /** Of those who were not asked: who may be alive first, of these the nearest. */
  #next(): Member | undefined {
    const { self, holders, liveness, tripMs } = this.#parts
    const { members, learners } = this.#block.group
    const all = membersOf([members, learners, this.#told, holders(this.#block.address)])
    const left = all.filter((member) => ![self, ...this.#asked].some((other) => compareMembers(other, member) === 0))
    const distance = ({ nodeId }: Member): number =>
      liveness.mayAnswer(nodeId) ? (tripMs(nodeId) ?? unknownTripMs) : Number.POSITIVE_INFINITY
    return left.toSorted((one, other) => compareDistances(distance(one), distance(other)))[0]
  }
}

function asOfNow<Answer>(answer: Answer): Copied<Answer> {
  return { answer, ageMs: 0 }
}

/** Behind those whose distance is known. */
const unknownTripMs = 60_000

function compareDistances(left: number, right: number): number {
  return left === right ? 0 : left - right
}

function consistencyOf({ boundMs }: CopyQuestion): Bounded {
  return boundMs === undefined ? { kind: 'eventual' } : { kind: 'bounded', boundMs }
}

function notConfirmed(): CodedError {
  return new CodedError('unavailable', 'nobody confirms that a copy of this block is as young as it has to be')
}
