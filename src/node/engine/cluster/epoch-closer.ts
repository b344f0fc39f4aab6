import { CodedError, isCoded } from '../../../shared/coded-error.ts'
import type { Limits } from '../../core/base/limits.ts'
import type { Member } from '../../core/consensus/group.ts'
import { compareMembers } from '../../core/consensus/group.ts'
import { closableEpochs, openEpochs } from '../../core/overlay/open-epochs.ts'
import { decodeSettled, encodeSettled } from '../../core/overlay/root-bodies.ts'
import { placementSection, settledSection } from '../../core/overlay/root-section.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Logger } from '../../ports/logger.ts'
import { Deadline } from '../deadline.ts'
import type { NetworkFacts, Sections } from '../network/network-facts.ts'
import { bodyOf } from '../network/network-facts.ts'
import type { NetworkView } from '../network/network-view.ts'
import type { RootKeeper, SectionWish } from '../network/root-keeper.ts'

export interface EpochCloserParts {
  readonly clock: Clock
  readonly limits: Limits
  readonly logger: Logger
  readonly self: Member
  readonly view: NetworkView
  readonly root: RootKeeper
  /** Everything that this node has to move because of the newest map is where it should be. */
  readonly isSettled: () => boolean
}

/**
 * Closes epochs: each node reports when it has moved what it holds, and who reports last removes the maps that nobody needs any more. As long
 * as an older map is open, births and absences ask in it too.
 */
export class EpochCloser {
  readonly #parts: EpochCloserParts
  #running: { readonly controller: AbortController; readonly ended: Promise<void> } | undefined

  constructor(parts: EpochCloserParts) {
    this.#parts = parts
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
    const { clock, limits, logger, view, isSettled } = this.#parts
    while (!signal.aborted) {
      await clock.sleep(limits.epochLookMs, signal).catch(() => undefined)
      if (signal.aborted || view.facts.maps.length < 2 || !isSettled()) continue
      try {
        await this.#report(signal)
      } catch (error) {
        if (!signal.aborted && !isCoded(error, 'unavailable')) logger.warn('a report of moved blocks was not taken', { error })
      }
    }
  }

  async #report(signal: AbortSignal): Promise<void> {
    const { clock, limits, root, view } = this.#parts
    using deadline = new Deadline(clock, limits.callTimeoutMs, signal)
    // What was settled is settled for the map that was looked at.
    const through = view.epoch - 1
    await root.change((facts, sections) => this.#wishes(facts, sections, through), deadline.signal)
  }

  #wishes({ maps }: NetworkFacts, sections: Sections, through: number): readonly SectionWish[] | undefined {
    const { self, view } = this.#parts
    if (!view.isOfNetwork(self.nodeId)) return undefined
    const epochs = openEpochs(maps)
    if (epochs === undefined || maps.length < 2) return undefined
    const reported = (member: Member): number | undefined => {
      const body = bodyOf(sections, settledSection(member))
      return body && decodeSettled(body)
    }
    const wishes: SectionWish[] = []
    const own = Math.max(reported(self) ?? 0, through)
    if (reported(self) !== own) wishes.push({ name: settledSection(self), body: encodeSettled(own) })
    const isSelf = (member: Member): boolean => compareMembers(member, self) === 0
    for (const epoch of closableEpochs(epochs, (member) => (isSelf(member) ? own : reported(member)))) {
      wishes.push({ name: placementSection(epoch), body: undefined })
    }
    return wishes
  }
}
