import { CodedError } from '../../../shared/coded-error.ts'
import type { Limits } from '../../core/base/limits.ts'
import { placeOf } from '../../core/overlay/placement-map.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Logger } from '../../ports/logger.ts'
import { Deadline } from '../deadline.ts'
import type { NetworkView } from '../network/network-view.ts'
import type { NodeRemovals } from '../network/node-removals.ts'
import type { LeaveProgress } from './cluster-service.ts'

export interface DepartureParts {
  readonly clock: Clock
  readonly limits: Limits
  readonly logger: Logger
  readonly nodeId: Uint8Array
  readonly view: NetworkView
  readonly removals: NodeRemovals
  /** What this node has still to hand on. */
  readonly pending: () => Pick<LeaveProgress, 'groupsPending' | 'copiesPending'>
  /** Everything that this node has to move because of the newest map is where it should be. */
  readonly isSettled: () => boolean
  /** Tells others by gossip. */
  readonly farewell: () => Promise<void>
  /** Until it is released the node goes on although the network names it no more. */
  readonly hold: () => { note(): Promise<void>; release(): Promise<void> }
}

const passing: ReadonlySet<string> = new Set(['unavailable', 'contended', 'outcome-unknown', 'deadline-exceeded'])

/**
 * Takes this node out of its network without loss: it drains, waits until nothing that counts is left here and nobody may look for anything
 * here, and then has its place taken out of the map. Whoever stops waiting leaves it draining. One at a time.
 */
export class Departure {
  readonly #parts: DepartureParts
  #isUnderWay = false

  constructor(parts: DepartureParts) {
    this.#parts = parts
  }

  /** Says how far it is, until it has left. Rejects like `NodeRemovals`, and with `contended` where it leaves already. */
  async *leave(signal: AbortSignal): AsyncGenerator<LeaveProgress, void, undefined> {
    const { view, removals, nodeId, clock, limits, isSettled } = this.#parts
    if (view.removal !== undefined) {
      yield this.#progress('left')
      return
    }
    if (this.#isUnderWay) throw new CodedError('contended', 'this node is asked to leave by another call already')
    this.#isUnderWay = true
    try {
      removals.assertMayLeave()
      await removals.drain(nodeId, { undo: false }, signal)
      for (;;) {
        signal.throwIfAborted()
        yield this.#progress('draining')
        const place = placeOf(view.placement, nodeId)
        if (place !== undefined && place.weight > 0) {
          throw new CodedError('contended', 'somebody has undone the draining of this node meanwhile: it stays')
        }
        const mayGo = place === undefined || (isSettled() && view.facts.maps.length === 1)
        if (mayGo && (await this.#depart(signal))) break
        await clock.sleep(limits.departureLookMs, signal)
      }
      yield this.#progress('left')
    } finally {
      this.#isUnderWay = false
    }
  }

  async #depart(signal: AbortSignal): Promise<boolean> {
    const { removals, farewell, hold, logger, clock, limits } = this.#parts
    const held = hold()
    try {
      if (!(await this.#isOutOfMap(signal))) return false
      // Before nobody lets this node in any more, by whom a start without this would learn of it.
      await held.note()
      try {
        using deadline = new Deadline(clock, limits.callTimeoutMs, signal)
        await removals.revokeSelf(deadline.signal)
      } catch (error) {
        // The map names it no more, which is what counts.
        logger.warn('the key of this node, which has left, could not be revoked: its passport ends by itself', { error })
      }
      await farewell()
      return true
    } finally {
      await held.release()
    }
  }

  /** An attempt of which nothing is known is made again: what it does it does once. */
  async #isOutOfMap(signal: AbortSignal): Promise<boolean> {
    const { removals, logger } = this.#parts
    try {
      return await removals.depart(signal)
    } catch (error) {
      const isOver = signal.aborted || !(error instanceof CodedError) || !passing.has(error.code)
      if (isOver) throw error
      logger.debug('this node could not leave yet; it is tried again', { error })
      return false
    }
  }

  #progress(phase: LeaveProgress['phase']): LeaveProgress {
    const { view, pending } = this.#parts
    if (phase === 'left') return { phase, groupsPending: 0, copiesPending: 0, openEpochs: view.facts.maps.length }
    return { phase, ...pending(), openEpochs: view.facts.maps.length }
  }
}
