import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { SystemClock } from '../../../src/node/adapters/system-clock/system-clock.ts'
import { SystemRandom } from '../../../src/node/adapters/system-random/system-random.ts'
import { ZstdCompressor } from '../../../src/node/adapters/zstd-compressor/zstd-compressor.ts'
import { isCoded } from '../../../src/shared/coded-error.ts'

describe('the system clock', () => {
  const clock = new SystemClock()

  beforeEach(() => {
    vi.useFakeTimers()
  })

  afterEach(() => {
    vi.useRealTimers()
  })

  test('wakes a sleeper after the time, and leaves no timer or listener behind', async () => {
    const { signal } = new AbortController()
    const remove = vi.spyOn(signal, 'removeEventListener')
    let awake = false
    const sleep = clock.sleep(100, signal).then(() => {
      awake = true
    })
    await vi.advanceTimersByTimeAsync(99)
    expect(awake).toBe(false)
    await vi.advanceTimersByTimeAsync(1)
    await sleep
    expect(vi.getTimerCount()).toBe(0)
    expect(remove).toHaveBeenCalledOnce()
  })

  test('rejects a sleep that is cancelled, also one that never began', async () => {
    const controller = new AbortController()
    const sleeps = [clock.sleep(100, controller.signal)]
    controller.abort()
    sleeps.push(clock.sleep(100, controller.signal))
    for (const result of await Promise.allSettled(sleeps)) {
      expect(result.status === 'rejected' && isCoded(result.reason, 'cancelled')).toBe(true)
    }
    expect(vi.getTimerCount()).toBe(0)
  })

  test('runs what is due once, unless it was disposed', () => {
    const runs: string[] = []
    clock.after(10, () => void runs.push('kept'))
    clock.after(10, () => void runs.push('dropped'))[Symbol.dispose]()
    vi.advanceTimersByTime(1000)
    expect(runs).toEqual(['kept'])
  })

  test('waits longer than one timer can', () => {
    const dayMs = 24 * 60 * 60_000
    const runs: number[] = []
    const start = clock.nowMs()
    clock.after(30 * dayMs, () => void runs.push(clock.nowMs() - start))
    const dropped = clock.after(30 * dayMs, () => void runs.push(-1))
    vi.advanceTimersByTime(29 * dayMs)
    expect(runs).toEqual([])
    dropped[Symbol.dispose]()
    vi.advanceTimersByTime(2 * dayMs)
    expect(runs).toEqual([30 * dayMs])
  })
})

describe('the system’s random source', () => {
  test('gives as many bytes as asked for, never the same ones', () => {
    const random = new SystemRandom()
    const seen = new Set<string>()
    for (let index = 0; index < 1000; index++) {
      const bytes = random.bytes(32)
      expect(bytes).toHaveLength(32)
      seen.add(Buffer.from(bytes).toString('hex'))
    }
    expect(seen.size).toBe(1000)
    expect(random.bytes(0)).toHaveLength(0)
    const large = random.bytes(200_000)
    expect(large).toHaveLength(200_000)
    expect(large.subarray(-1000).some((byte) => byte !== 0)).toBe(true)
  })

  test('gives arrays of their own memory', () => {
    const random = new SystemRandom()
    expect(random.bytes(16).buffer.byteLength).toBe(16)
  })

  test('draws integers below the limit, each about as often', () => {
    const random = new SystemRandom()
    const counts = [0, 0, 0]
    for (let index = 0; index < 3000; index++) {
      const drawn = random.integerBelow(3)
      counts[drawn] = (counts[drawn] ?? 0) + 1
    }
    expect(counts).toHaveLength(3)
    // 1000 each; seven standard deviations are 181.
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(200)
    expect(random.integerBelow(1)).toBe(0)
    expect(random.integerBelow(Number.MAX_SAFE_INTEGER)).toBeLessThan(Number.MAX_SAFE_INTEGER)
    expect(() => random.integerBelow(0)).toThrow('limit')
  })
})

describe('zstd', () => {
  const zstd = new ZstdCompressor()
  const textOf = (length: number) =>
    new Uint8Array(Buffer.from('all work and no play '.repeat(Math.ceil(length / 21)).slice(0, length)))

  test.each([0, 1, 1000, 65_536, 65_537, 1_000_000])('brings back %i bytes', async (length) => {
    const plain = textOf(length)
    const packed = await zstd.compress(plain)
    expect(Buffer.from(await zstd.decompress(packed, length)).equals(plain)).toBe(true)
  })

  test('answers small inputs at once and large ones later', async () => {
    expect(zstd.compress(textOf(65_536))).toBeInstanceOf(Uint8Array)
    const large = zstd.compress(textOf(65_537))
    expect(large).toBeInstanceOf(Promise)
    await large
  })

  test.each([1000, 200_000])('refuses what is damaged, cut off or larger than it says (%i bytes)', async (length) => {
    const packed = await zstd.compress(textOf(length))
    const attempts: [Uint8Array, number][] = [
      [packed, length - 1],
      [packed.subarray(0, packed.length - 3), length],
      [Uint8Array.from(packed).fill(0, 0, 4), length],
      [new Uint8Array(0), length],
    ]
    for (const [bytes, plainBytesMax] of attempts) {
      const outcome = await Promise.resolve()
        .then(() => zstd.decompress(bytes, plainBytesMax))
        .catch((error: unknown) => error)
      expect(isCoded(outcome, 'data-corrupt')).toBe(true)
    }
  })
})
