import { describe, expect, it } from 'vitest'
import type { EventTopic, NodeEvent } from '../../../src/ipc/contract/event-schemas.ts'
import type { NodeStatus } from '../../../src/ipc/contract/status-schemas.ts'
import { wireLimits } from '../../../src/ipc/contract/wire-limits.ts'
import { EventHub } from '../../../src/node/api/control/event-hub.ts'
import { ManualClock } from '../../support/key-value-world.ts'

interface Rig {
  readonly clock: ManualClock
  readonly hub: EventHub
  /** How often the status was asked for. */
  readonly looks: () => number
}

function rig(): Rig {
  const clock = new ManualClock()
  let looks = 0
  const status = (): NodeStatus => ({ keys: ++looks }) as NodeStatus
  const hub = new EventHub(clock, { status, jobs: () => [] })
  return { clock, hub, looks: () => looks }
}

/** Takes events as they come. */
class Watcher {
  readonly events: NodeEvent[] = []
  readonly ended: Promise<void>
  readonly #controller = new AbortController()

  constructor(hub: EventHub, topics: readonly EventTopic[], prefix?: string) {
    const stream = hub.watch({ topics, prefix }, this.#controller.signal)
    this.ended = (async () => {
      for await (const event of stream) this.events.push(event)
    })()
  }

  cancel(): void {
    this.#controller.abort()
  }
}

async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
}

describe('EventHub', () => {
  it('tells of a thousand changes a second at most four times, and of every key', async () => {
    const { clock, hub } = rig()
    const watcher = new Watcher(hub, ['keys'])
    await settled()
    for (let ms = 0; ms < 2999; ms++) {
      hub.keysChanged([`key-${ms % 50}`])
      clock.advance(1)
      await settled()
    }
    const told = watcher.events.flatMap((event) => (event.kind === 'keys' ? event.changed : []))
    expect(watcher.events).toHaveLength(12)
    expect(new Set(told).size).toBe(50)
    await hub.stop()
  })

  it('tells a lone change at once', async () => {
    const { hub } = rig()
    const watcher = new Watcher(hub, ['keys'])
    await settled()
    hub.keysChanged(['a'])
    await settled()
    expect(watcher.events).toEqual([{ kind: 'keys', sequence: 1, changed: ['a'], more: false }])
    await hub.stop()
  })

  it('tells the last change of a burst when the interval is over', async () => {
    const { clock, hub } = rig()
    const watcher = new Watcher(hub, ['keys'])
    await settled()
    for (const key of ['a', 'b', 'c', 'b']) hub.keysChanged([key])
    clock.advance(wireLimits.eventIntervalMs - 1)
    await settled()
    expect(watcher.events).toHaveLength(1)
    clock.advance(1)
    await settled()
    expect(watcher.events[1]).toEqual({ kind: 'keys', sequence: 2, changed: ['b', 'c'], more: false })
    await hub.stop()
  })

  it('names only keys below the prefix, each watcher by its own', async () => {
    const { hub } = rig()
    const left = new Watcher(hub, ['keys'], 'left/')
    const right = new Watcher(hub, ['keys'], 'right/')
    await settled()
    hub.keysChanged(['left/a', 'other', 'left/b'])
    await settled()
    expect(left.events).toMatchObject([{ changed: ['left/a', 'left/b'], more: false }])
    expect(right.events).toEqual([])
    await hub.stop()
  })

  it('bounds the keys of one event by number and by size', async () => {
    const { clock, hub } = rig()
    const watcher = new Watcher(hub, ['keys'])
    await settled()
    hub.keysChanged(Array.from({ length: wireLimits.changedKeysMax + 1 }, (_, index) => `${index}`))
    await settled()
    clock.advance(wireLimits.eventIntervalMs)
    hub.keysChanged(Array.from({ length: 20 }, (_, index) => `${index}`.padEnd(4096, '.')))
    await settled()
    const [many, large] = watcher.events
    expect(many).toMatchObject({ more: true })
    expect(many?.kind === 'keys' && many.changed.length).toBe(wireLimits.changedKeysMax)
    expect(large).toMatchObject({ more: true })
    expect(large?.kind === 'keys' && large.changed.length).toBe(8)
    await hub.stop()
  })

  it('gives a watcher who takes nothing one gap and bounded memory', async () => {
    const { clock, hub } = rig()
    const stream = hub.watch({ topics: ['settings', 'clients'] }, new AbortController().signal)
    const first = stream.next()
    await settled()
    hub.settingsChanged()
    expect((await first).value).toEqual({ kind: 'settings', sequence: 1 })
    const rounds = wireLimits.subscriberQueueMax * 3
    for (let round = 0; round < rounds; round++) {
      clock.advance(wireLimits.eventIntervalMs)
      hub.settingsChanged()
      hub.clientsChanged()
    }
    const waiting: NodeEvent[] = []
    for (;;) {
      const next = await Promise.race([stream.next(), settled().then(() => undefined)])
      if (next?.value === undefined) break
      waiting.push(next.value)
    }
    expect(waiting.length).toBeLessThanOrEqual(wireLimits.subscriberQueueMax)
    expect(waiting[0]).toEqual({ kind: 'gap', sequence: 2 })
    expect(waiting.filter(({ kind }) => kind === 'gap')).toHaveLength(1)
    expect(waiting.map(({ sequence }) => sequence)).toEqual(waiting.map((_, index) => index + 2))
    await hub.stop()
  })

  it('looks at the status once a second while somebody watches it, and never else', async () => {
    const { clock, hub, looks } = rig()
    hub.statusChanged()
    clock.advance(5000)
    expect(looks()).toBe(0)
    const watcher = new Watcher(hub, ['status'])
    await settled()
    expect(watcher.events).toMatchObject([{ kind: 'status', sequence: 1 }])
    for (let step = 0; step < 30; step++) {
      clock.advance(100)
      await settled()
    }
    expect(watcher.events).toHaveLength(4)
    watcher.cancel()
    await watcher.ended
    const before = looks()
    clock.advance(10_000)
    expect(looks()).toBe(before)
    expect(hub.subscribers).toBe(0)
  })

  it('tells a change of the status at most four times a second', async () => {
    const { clock, hub, looks } = rig()
    const watcher = new Watcher(hub, ['status'])
    await settled()
    for (let ms = 0; ms < 2999; ms++) {
      hub.statusChanged()
      clock.advance(1)
      await settled()
    }
    expect(watcher.events).toHaveLength(12)
    expect(looks()).toBe(12)
    await hub.stop()
  })

  it('ends every watcher when it stops, and takes no new ones', async () => {
    const { hub } = rig()
    const watcher = new Watcher(hub, ['jobs'])
    await settled()
    await hub.stop()
    await watcher.ended
    const late = new Watcher(hub, ['status'])
    await late.ended
    expect(late.events).toEqual([])
  })

  it('forgets a watcher whose signal ended before it began', async () => {
    const { hub } = rig()
    const watcher = new Watcher(hub, ['jobs'])
    watcher.cancel()
    await watcher.ended
    expect(hub.subscribers).toBe(0)
  })
})
