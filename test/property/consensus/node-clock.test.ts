import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MemoryDisk } from '../../../src/node/adapters/memory-store/memory-disk.ts'
import { openMemoryStore } from '../../../src/node/adapters/memory-store/memory-store.ts'
import { SystemRandom } from '../../../src/node/adapters/system-random/system-random.ts'
import { hlcToMs } from '../../../src/node/core/base/hybrid-clock.ts'
import { defaultLimits } from '../../../src/node/core/base/limits.ts'
import { NodeClock } from '../../../src/node/engine/clock/node-clock.ts'
import type { Clock } from '../../../src/node/ports/clock.ts'
import { silentLogger } from '../../support/silent.ts'

const random = new SystemRandom()
const settled = () => new Promise((resolve) => setImmediate(resolve))

class HostClock implements Clock {
  now = 1_700_000_000_000

  nowMs(): number {
    return this.now
  }

  monotonicMs(): number {
    return 0
  }

  sleep(): Promise<void> {
    return Promise.resolve()
  }

  after(): Disposable {
    return { [Symbol.dispose]: () => undefined }
  }
}

class ClockWorld {
  readonly disk = new MemoryDisk()
  readonly host = new HostClock()
  store = this.#open()
  clock = this.#clock()

  #open() {
    return openMemoryStore({ random, disk: this.disk })
  }

  #clock() {
    return new NodeClock({ clock: this.host, store: this.store, limits: defaultLimits, logger: silentLogger })
  }

  async reopen(): Promise<void> {
    this.store = this.#open()
    this.clock = this.#clock()
    await this.clock.start()
  }
}

type Step =
  | { readonly kind: 'stamps'; readonly count: number }
  | { readonly kind: 'used' }
  | { readonly kind: 'host'; readonly byMs: number }
  | { readonly kind: 'crash'; readonly keep: number }
  | { readonly kind: 'restart' }
  | { readonly kind: 'settle' }

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('stamps'), count: fc.integer({ min: 1, max: 20 }) }) },
  { weight: 3, arbitrary: fc.constant({ kind: 'used' }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('host'), byMs: fc.integer({ min: -100_000, max: 100_000 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('crash'), keep: fc.nat({ max: 3 }) }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'restart' }) },
  { weight: 2, arbitrary: fc.constant({ kind: 'settle' }) },
) as fc.Arbitrary<Step>

describe('the clock of a node', () => {
  test('never gives a stamp again that anything durable bears, whatever the host’s clock does', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const world = new ClockWorld()
        await world.clock.start()
        let last = 0n
        let durable = 0n
        for (const each of steps) {
          if (each.kind === 'stamps') {
            for (let count = 0; count < each.count; count++) {
              const stamp = world.clock.next()
              expect(stamp).toBeGreaterThan(last)
              last = stamp
            }
          } else if (each.kind === 'used') {
            const stamp = world.clock.next()
            expect(stamp).toBeGreaterThan(last)
            last = stamp
            const key = new Uint8Array([1])
            void world.store.commit([{ kind: 'put', family: 'content', key, value: key }]).then(() => {
              if (stamp > durable) durable = stamp
            })
          } else if (each.kind === 'host') world.host.now = Math.max(0, world.host.now + each.byMs)
          else if (each.kind === 'settle') await settled()
          else {
            if (each.kind === 'crash') world.disk.crash({ keep: each.keep })
            else {
              await world.clock.stop()
              await world.store.close()
            }
            await world.reopen()
            const first = world.clock.next()
            expect(first).toBeGreaterThan(durable)
            last = first
          }
        }
        await world.clock.stop()
      }),
      { numRuns: 200 },
    )
  })

  test('is above every stamp given before, as long as the reservation was durable when it was given', async () => {
    const world = new ClockWorld()
    await world.clock.start()
    let last = world.clock.next()
    for (let start = 0; start < 20; start++) {
      world.host.now -= 5000
      for (let count = 0; count < 100; count++) last = world.clock.next()
      await settled()
      world.disk.crash()
      await world.reopen()
      const next = world.clock.next()
      expect(next).toBeGreaterThan(last)
      expect(hlcToMs(next) - hlcToMs(last)).toBeLessThanOrEqual(defaultLimits.clockReservationMs + 1)
    }
  })

  test('hands a reservation to the store ahead of need: one write for half a second of stamps', async () => {
    const world = new ClockWorld()
    await world.clock.start()
    const before = world.store.usage().syncedPosition
    for (let ms = 0; ms < 10_000; ms++) {
      world.host.now++
      world.clock.next()
      if (ms % 10 === 0) await settled()
    }
    const writes = Number(world.store.usage().syncedPosition - before)
    expect(writes).toBeGreaterThanOrEqual(18)
    expect(writes).toBeLessThanOrEqual(21)
  })

  test('gives no stamps once a reservation failed, and does again when one succeeds', async () => {
    const world = new ClockWorld()
    await world.clock.start()
    world.disk.capacityBytes = 1
    world.host.now += 100_000
    world.clock.next()
    await settled()
    expect(() => world.clock.next()).toThrow('no space')
    await settled()
    expect(() => world.clock.next()).toThrow('no space')
    world.disk.capacityBytes = undefined
    await settled()
    expect(() => world.clock.next()).toThrow('no space')
    await settled()
    expect(world.clock.next()).toBeGreaterThan(0n)
  })
})
