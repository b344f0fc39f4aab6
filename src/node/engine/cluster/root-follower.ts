import { equalBytes } from '../../core/base/bytes.ts'
import type { Limits } from '../../core/base/limits.ts'
import type { Member } from '../../core/consensus/group.ts'
import { placeOf } from '../../core/overlay/placement-map.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Logger } from '../../ports/logger.ts'
import { Deadline } from '../deadline.ts'
import type { Admission } from '../network/admission.ts'
import type { NetworkView } from '../network/network-view.ts'
import type { RootKeeper } from '../network/root-keeper.ts'

export interface RootFollowerParts {
  readonly clock: Clock
  readonly limits: Limits
  readonly logger: Logger
  readonly view: NetworkView
  readonly root: RootKeeper
  /** Aborts when the node stops. */
  readonly signal: AbortSignal
}

/** Keeps what this node knows of the network no older than what its peers show. */
export class RootFollower {
  readonly #parts: RootFollowerParts
  #looking: Promise<void> | undefined
  #again = false
  constructor(parts: RootFollowerParts) {
    this.#parts = parts
  }

  /** Somebody knows a newer map: the root is read, once for all who say so meanwhile. */
  look(): void {
    if (this.#looking !== undefined) {
      this.#again = true
      return
    }
    this.#looking = this.#look().finally(() => {
      this.#looking = undefined
      if (this.#again && !this.#parts.signal.aborted) {
        this.#again = false
        this.look()
      }
    })
  }

  /** Reads the root, and has it name the data directory that this node runs on. */
  start(self: Member, admission: Pick<Admission, 'renewStore'>): void {
    this.look()
    const place = placeOf(this.#parts.view.placement, self.nodeId)
    if (place === undefined || equalBytes(place.storeId, self.storeId)) return
    this.#parts.logger.warn('this data directory is another one than the network knows; it is told')
    admission.renewStore(self.storeId, self.nodeId).catch((error: unknown) => {
      this.#parts.logger.error('the network could not be told of this data directory; restart the node to try again', { error })
    })
  }

  /** Resolves when a map of this epoch or a newer one is known here. Rejects with `unavailable`. */
  async reach(epoch: number, signal: AbortSignal): Promise<void> {
    if (this.#parts.view.epoch >= epoch) return
    await this.#parts.root.read(signal)
  }

  async stop(): Promise<void> {
    this.#again = false
    await this.#looking
  }

  async #look(): Promise<void> {
    const { clock, limits, root, signal, logger } = this.#parts
    using deadline = new Deadline(clock, limits.routeTimeoutMs, signal)
    try {
      await root.read(deadline.signal)
    } catch (error) {
      if (!signal.aborted) logger.debug('the root of the network could not be read', { error })
    }
  }
}
