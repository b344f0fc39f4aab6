import type { Limits } from '../../core/base/limits.ts'
import type { Clock } from '../../ports/clock.ts'
import type { FrameVerdict } from './frame-verdict.ts'

const windowMs = 1000

/** Counts frames that come to nothing; more of them within a second than crossing frames explain are a flood. */
export class IdleFrames {
  readonly #limits: Limits
  readonly #clock: Clock
  #sinceMs = 0
  #count = 0

  constructor(limits: Limits, clock: Clock) {
    this.#limits = limits
    this.#clock = clock
  }

  judge(verdict: FrameVerdict): Exclude<FrameVerdict, 'idle'> {
    if (verdict !== 'idle') return verdict
    const nowMs = this.#clock.monotonicMs()
    if (nowMs - this.#sinceMs >= windowMs) {
      this.#sinceMs = nowMs
      this.#count = 0
    }
    this.#count += 1
    return this.#count > this.#limits.peerIdleFramesPerSecond ? 'flood' : 'taken'
  }
}
