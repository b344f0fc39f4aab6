import { CodedError, isCoded } from '../../../shared/coded-error.ts'
import type { BlockAddress } from '../../core/base/address.ts'
import type { ContentCopy } from '../../core/block/content-block.ts'
import type { Tombstone } from '../../core/block/removal.ts'
import type { Member } from '../../core/consensus/group.ts'
import { compareMembers } from '../../core/consensus/group.ts'
import type { ContentFinding } from '../../core/wire/content-calls.ts'
import { decodeContentFinding, encodeContentGet } from '../../core/wire/content-calls.ts'
import { requestBody } from '../../core/wire/peer-body.ts'
import { Deadline } from '../deadline.ts'
import type { AnswerTimes } from './answer-times.ts'
import type { ContentParts } from './content-parts.ts'
import { memberName, membersOf, noesRequired } from './content-place.ts'
import type { LocalCopies } from './local-copies.ts'

type Pending<T> = T | Promise<T>

export interface SearchParts extends Pick<ContentParts, 'clock' | 'limits' | 'placement' | 'request' | 'liveness' | 'least'> {
  readonly copies: LocalCopies
  readonly times: AnswerTimes
}

export type SearchResult<T> =
  | { readonly kind: 'found'; readonly value: T; readonly copy: ContentCopy; readonly bytes: Uint8Array }
  | { readonly kind: 'removed'; readonly tombstone: Tombstone }
  | { readonly kind: 'absent' }

type Answer = 'no' | 'damaged' | 'failed'

/**
 * Who has to say that there is no copy: so many of each group that no write can have been answered, or, of a block that an entry names,
 * each of them, since members have the blocks of entries only when they have applied these.
 */
export type Absence = 'enough' | 'all'

/**
 * One search for a copy: members are asked one after the other, the quickest first, and the next one as well when one takes longer than
 * usual. A copy counts once it was opened, which verifies it. That there is none is said only when in each group so many members say so
 * that no write can have been answered, and nobody who answers has one: a member that has a block in an entry which it has not applied
 * yet says no.
 */
export class ContentSearch<T> {
  readonly #parts: SearchParts
  readonly #address: BlockAddress
  readonly #open: (copy: ContentCopy) => Pending<T>
  readonly #absence: Absence
  readonly #groups: readonly (readonly Member[])[]
  readonly #waiting: Member[]
  readonly #answers = new Map<string, Answer>()
  readonly #tombstones: Tombstone[] = []
  readonly #body: (member: Member) => Uint8Array
  #asking = 0
  #result: SearchResult<T> | undefined
  #failure: unknown
  #event = Promise.withResolvers<void>()
  #hedge: Disposable | undefined

  constructor(parts: SearchParts, address: BlockAddress, open: (copy: ContentCopy) => Pending<T>, absence: Absence) {
    const { placement, liveness, times } = parts
    const { epoch, self } = placement
    this.#parts = parts
    this.#address = address
    this.#open = open
    this.#absence = absence
    this.#groups = [placement.groupOf(address), ...placement.differing(address)]
    this.#body = ({ storeId }) => requestBody('content-get', encodeContentGet({ epoch, storeId, address }))
    const rankOf = ({ nodeId }: Member): number => (liveness.mayAnswer(nodeId) ? 0 : 1)
    const newest = new Set(this.#groups[0])
    this.#waiting = membersOf(this.#groups)
      .filter((member) => compareMembers(member, self) !== 0)
      .sort(
        (left, right) =>
          rankOf(left) - rankOf(right) ||
          Number(newest.has(right)) - Number(newest.has(left)) ||
          times.usualMs(memberName(left)) - times.usualMs(memberName(right)),
      )
  }

  /** `local`: what this node has itself, as a member or as who removed the block. Throws `unavailable` or `data-corrupt`. */
  async run(local: ContentFinding, signal: AbortSignal): Promise<SearchResult<T>> {
    using deadline = new Deadline(this.#parts.clock, this.#parts.limits.contentTimeoutMs, signal)
    const ended = new AbortController()
    const asked = AbortSignal.any([deadline.signal, ended.signal])
    const stop = (): void => this.#event.resolve()
    deadline.signal.addEventListener('abort', stop, { once: true })
    try {
      await this.#take(this.#parts.placement.self, local)
      for (;;) {
        if (signal.aborted) throw signal.reason
        if (this.#failure !== undefined) throw this.#failure
        if (this.#result !== undefined) return this.#result
        if (deadline.signal.aborted) return this.#none()
        if (this.#asking === 0 && !this.#askNext(asked)) return this.#none()
        await this.#event.promise
        this.#event = Promise.withResolvers<void>()
      }
    } finally {
      deadline.signal.removeEventListener('abort', stop)
      this.#hedge?.[Symbol.dispose]()
      ended.abort(new CodedError('cancelled', 'a copy was found elsewhere'))
    }
  }

  #askNext(signal: AbortSignal): boolean {
    const member = this.#waiting.shift()
    if (member === undefined) return false
    const { clock, times } = this.#parts
    this.#asking++
    void this.#ask(member, signal).finally(() => {
      this.#asking--
      this.#event.resolve()
    })
    this.#hedge?.[Symbol.dispose]()
    this.#hedge = clock.after(times.hedgeMs(memberName(member)), () => {
      if (!signal.aborted) this.#askNext(signal)
      return undefined
    })
    return true
  }

  async #ask(member: Member, signal: AbortSignal): Promise<void> {
    const { clock, times, request } = this.#parts
    const startMs = clock.monotonicMs()
    const name = memberName(member)
    try {
      const bytes = await request(member.nodeId, this.#body(member), { signal })
      times.took(name, clock.monotonicMs() - startMs)
      const finding = decodeContentFinding(this.#address, bytes)
      if (finding === undefined) this.#answers.set(name, 'failed')
      else await this.#take(member, finding)
    } catch {
      times.tookLonger(name, clock.monotonicMs() - startMs)
      this.#answers.set(name, 'failed')
    }
  }

  async #take(member: Member, finding: ContentFinding): Promise<void> {
    const name = memberName(member)
    if (finding.kind === 'removed') this.#tombstones.push(finding.tombstone)
    if (finding.kind !== 'copy') {
      this.#answers.set(name, finding.kind === 'damaged' ? 'damaged' : 'no')
      return
    }
    const { copy, bytes } = finding
    if (this.#tombstones.some((tombstone) => this.#parts.copies.isRemovedBy(tombstone, copy))) {
      this.#answers.set(name, 'no')
      return
    }
    try {
      const value = await this.#open(copy)
      this.#result ??= { kind: 'found', value, copy, bytes }
    } catch (error) {
      if (isCoded(error, 'data-corrupt')) this.#answers.set(name, 'damaged')
      else this.#failure ??= error
    }
  }

  #isAbsent(): boolean {
    return this.#groups.every((group) => {
      const noes = group.filter((member) => this.#answers.get(memberName(member)) === 'no').length
      return noes >= (this.#absence === 'all' ? group.length : noesRequired(group.length, this.#parts.least))
    })
  }

  #none(): SearchResult<T> {
    if (!this.#isAbsent()) throw this.#notFound()
    const [tombstone] = this.#tombstones
    return tombstone === undefined ? { kind: 'absent' } : { kind: 'removed', tombstone }
  }

  #notFound(): CodedError {
    const answers = membersOf(this.#groups).map((member) => this.#answers.get(memberName(member)))
    const isKnown = answers.every((answer) => answer === 'no' || answer === 'damaged')
    if (isKnown) return new CodedError('data-corrupt', 'no copy of a content block verifies')
    return new CodedError('unavailable', 'too few of the nodes that may hold this block answer')
  }
}
