import { describe, expect, test } from 'vitest'
import type { SwimWorldOptions } from './swim-world.ts'
import { SwimWorld } from './swim-world.ts'

/** In which all know all, from the beginning of what is tested. */
function settledWorld(options: SwimWorldOptions): SwimWorld {
  const world = new SwimWorld({ ...options, lossPercent: 0 })
  world.run(10_000)
  expect(world.disagreements('alive')).toBe(0)
  world.changes.length = 0
  world.lossPercent = options.lossPercent ?? 0
  return world
}

/** Time until the view holds, in steps of half a second; fails beyond the bound. */
function timeUntil(world: SwimWorld, boundMs: number, holds: () => boolean): number {
  const startMs = world.nowMs
  while (!holds()) {
    expect(world.nowMs - startMs).toBeLessThan(boundMs)
    world.run(500)
  }
  return world.nowMs - startMs
}

/** Nodes that run and were called dead by one that runs. */
function falseDeaths(world: SwimWorld): number {
  return world.changes.filter((change) => change.state === 'dead').length
}

interface Stalls {
  readonly nodes: number
  readonly stallMs: readonly [number, number]
  readonly awakeMs: readonly [number, number]
  readonly forMs: number
}

/** The first nodes stand still again and again, and work in between. */
function stallSome(world: SwimWorld, { nodes, stallMs, awakeMs, forMs }: Stalls): void {
  for (let index = 0; index < nodes; index++) {
    for (let atMs = world.random.between(...awakeMs); atMs < forMs; atMs += world.random.between(...awakeMs)) {
      const lastsMs = world.random.between(...stallMs)
      world.after(atMs, () => world.stall(index, lastsMs))
      atMs += lastsMs
    }
  }
}

describe('who joins', () => {
  test.each([3, 10, 100])('is known to all of %i nodes, whoever let it in', (nodes) => {
    const world = new SwimWorld({ seed: nodes, nodes })
    expect(timeUntil(world, 10_000, () => world.disagreements('alive') === 0)).toBeLessThanOrEqual(8000)
    expect(falseDeaths(world)).toBe(0)
  })
})

describe('who crashes', () => {
  test.each([
    [3, 0],
    [3, 10],
    [5, 10],
    [10, 10],
    [30, 5],
    [100, 0],
    [100, 10],
  ])('is dead for all others in time: %i nodes, %i percent lost', (nodes, lossPercent) => {
    for (let seed = 1; seed <= (nodes > 50 ? 1 : 6); seed++) {
      const world = settledWorld({ seed, nodes, lossPercent })
      const victim = world.random.integerBelow(nodes)
      world.crash(victim)
      // A round and a half of probes at worst, the long suspicion, and the spreading.
      timeUntil(world, 60_000, () => world.disagreements('dead', [victim]) === 0)
      // Only the dead one is.
      expect(world.changes.filter((change) => change.state === 'dead' && change.subject !== victim)).toEqual([])
    }
  })

  test('several at once are dead for all others, also when most crash', () => {
    for (let seed = 1; seed <= 5; seed++) {
      const world = settledWorld({ seed, nodes: 9, lossPercent: 5 })
      const victims = [1, 2, 4, 5, 7, 8]
      for (const victim of victims) world.crash(victim)
      timeUntil(world, 90_000, () => world.disagreements('dead', victims) === 0)
      timeUntil(world, 60_000, () => world.disagreements('alive') === 0)
      expect(world.changes.filter(({ state, subject }) => state === 'dead' && !victims.includes(subject))).toEqual([])
    }
  })

  test('and comes back is alive for all, before and after it was called dead', () => {
    for (let seed = 1; seed <= 6; seed++) {
      const world = settledWorld({ seed, nodes: 8, lossPercent: 5 })
      const victim = 1 + world.random.integerBelow(7)
      for (const awayMs of [1000, 70_000]) {
        world.crash(victim)
        world.run(awayMs)
        world.restart(victim)
        timeUntil(world, 30_000, () => world.disagreements('alive') === 0)
      }
      // Old gossip does not bring the earlier start back, nor its death to the later one.
      world.changes.length = 0
      world.run(60_000)
      expect(falseDeaths(world)).toBe(0)
    }
  })
})

describe('a node that runs', () => {
  /** In which seeds one of those from this number on was called dead. */
  function deadIn(seeds: number, nodes: number, stalls: Stalls, firstWell: number, swimHealthMax: number): number[] {
    const found: number[] = []
    for (let seed = 1; seed <= seeds; seed++) {
      const world = settledWorld({ seed, nodes, lossPercent: 10, limits: { swimHealthMax } })
      stallSome(world, stalls)
      world.run(stalls.forMs + 20_000)
      if (world.changes.some(({ state, subject }) => state === 'dead' && subject >= firstWell)) found.push(seed)
    }
    return found
  }
  const own = 8
  const blind = 0

  test('is not called dead over 10 % loss and stops of up to 2.5 s, and would be if nodes did not look at themselves', () => {
    const stalls: Stalls = { nodes: 8, stallMs: [1000, 2500], awakeMs: [500, 3000], forMs: 120_000 }
    expect(deadIn(60, 9, stalls, 0, own)).toEqual([])
    expect(deadIn(60, 9, stalls, 0, blind).length).toBeGreaterThan(0)
  })

  test('is not called dead by another that hardly runs itself, and would be if that one did not look at itself', () => {
    const stalls: Stalls = { nodes: 1, stallMs: [2000, 5000], awakeMs: [5, 100], forMs: 120_000 }
    expect(deadIn(60, 3, stalls, 1, own)).toEqual([])
    expect(deadIn(20, 3, stalls, 1, blind).length).toBeGreaterThan(0)
  })

  test('is not given up for a way that is cut in one direction, while others reach it', () => {
    for (let seed = 1; seed <= 5; seed++) {
      const world = settledWorld({ seed, nodes: 6 })
      world.isCut = (from, to) => from === 1 && to === 2
      world.run(90_000)
      expect(falseDeaths(world)).toBe(0)
    }
  })

  test('that leaves is left for all, at once and without suspicion', () => {
    const world = settledWorld({ seed: 4, nodes: 20 })
    world.leave(3)
    timeUntil(world, 5000, () => world.up().every((observer) => observer === 3 || world.stateOf(observer, 3) === 'left'))
    world.crash(3)
    world.run(60_000)
    expect(world.changes.filter((change) => change.state !== 'left')).toEqual([])
  })

  test('that states itself anew is believed by all', () => {
    const world = settledWorld({ seed: 5, nodes: 12 })
    world.refresh(2)
    const facts = world.nodes[2]?.machine.ownFacts
    expect(facts?.incarnation).toBeGreaterThan(0)
    timeUntil(world, 6000, () =>
      world.nodes.every(
        ({ index, machine }) =>
          index === 2 ||
          machine.peers().some((peer) => peer.facts.incarnation === facts?.incarnation && peer.nodeId === peer.facts.nodeId),
      ),
    )
  })
})

describe('a partition', () => {
  test.each([
    [6, 3],
    [10, 2],
    [40, 20],
  ])('of %i nodes heals by itself', (nodes, size) => {
    for (let seed = 1; seed <= (nodes > 20 ? 1 : 3); seed++) {
      const world = settledWorld({ seed, nodes, lossPercent: 2 })
      world.isCut = (from, to) => from < size !== to < size
      const [left, right] = [world.up().filter((index) => index < size), world.up().filter((index) => index >= size)]
      const isApart = () =>
        left.every((observer) => right.every((subject) => world.stateOf(observer, subject) === 'dead')) &&
        right.every((observer) => left.every((subject) => world.stateOf(observer, subject) === 'dead'))
      timeUntil(world, 150_000, isApart)
      world.isCut = () => false
      timeUntil(world, 60_000, () => world.disagreements('alive') === 0)
      world.changes.length = 0
      world.run(60_000)
      expect(falseDeaths(world)).toBe(0)
    }
  })
})

describe('the cost', () => {
  test('of a period is constant for a node, in messages and in their bytes', () => {
    const perNode = [5, 20, 100].map((nodes) => {
      const world = settledWorld({ seed: 1, nodes })
      const before = world.messages
      world.run(30_000)
      return (world.messages - before) / nodes / 30
    })
    for (const messages of perNode) expect(messages).toBeLessThan(2.5)
    const lossy = settledWorld({ seed: 1, nodes: 50, lossPercent: 10 })
    const before = lossy.messages
    lossy.run(30_000)
    expect((lossy.messages - before) / 50 / 30).toBeLessThan(6)
    expect(lossy.largestBytes).toBeLessThan(9 * 1024)
  })
})

test('the same seed leads to the same messages, another one to others', () => {
  const trace = (seed: number) => {
    const world = new SwimWorld({ seed, nodes: 9, lossPercent: 10 })
    world.after(12_000, () => world.crash(4))
    world.after(40_000, () => world.restart(4))
    stallSome(world, { nodes: 3, stallMs: [500, 4000], awakeMs: [100, 5000], forMs: 60_000 })
    world.run(80_000)
    return world.traceHash
  }
  expect(trace(7)).toBe(trace(7))
  expect(trace(7)).not.toBe(trace(8))
})
