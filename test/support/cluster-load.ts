import { setTimeout as sleep } from 'node:timers/promises'
import { isLinearizable } from '../sim/check-linearizable.ts'
import { History } from '../sim/history.ts'
import type { Demand, KeyAnswer, KeyCall } from '../sim/key-model.ts'
import { keyModel } from '../sim/key-model.ts'
import { SeededRandom } from '../sim/seeded-random.ts'
import { ClusterClient } from './cluster-client.ts'

const keysOfEpoch = 8
const pauseMaxMs = 80

/** Clients that put, remove and read a few keys as fast as they are answered, and what they were told. */
export class ClusterLoad implements Disposable {
  readonly history = new History<KeyCall, KeyAnswer>()
  readonly clients: readonly ClusterClient[]
  readonly #random: SeededRandom
  /** When changes were acknowledged: times of `performance.now`, in order. */
  readonly acknowledgedMs: number[] = []
  /** Later epochs have other keys: those of earlier ones have to last without being written again. */
  epoch = 0
  #written = 0
  #stopped = false
  #running: Promise<unknown> = Promise.resolve()

  constructor(addresses: readonly string[], clientCount: number, seed: number) {
    this.#random = new SeededRandom(seed)
    this.clients = Array.from({ length: clientCount }, (_, index) => {
      const turned = addresses.map((_, place) => addresses[(place + index) % addresses.length] ?? '')
      return new ClusterClient({ addresses: turned, history: this.history })
    })
  }

  [Symbol.dispose](): void {
    for (const client of this.clients) client[Symbol.dispose]()
  }

  start(): void {
    this.#stopped = false
    this.#running = Promise.all(this.clients.map((client) => this.#run(client, this.#random.fork())))
  }

  /** Resolves when every client has been answered, or has given up. */
  async stop(): Promise<void> {
    this.#stopped = true
    await this.#running
  }

  get keys(): readonly string[] {
    return [...this.history.objects].toSorted()
  }

  /** A value that no other one equals. */
  value(): string {
    return `w${this.#written++}`
  }

  get givenUp(): readonly string[] {
    return this.clients.flatMap(({ givenUp }) => givenUp)
  }

  /** Of the keys whose history no single store could have had. */
  broken(): readonly string[] {
    return this.keys.filter((key) => !isLinearizable(keyModel, this.history.of(key)))
  }

  async #run(client: ClusterClient, random: SeededRandom): Promise<void> {
    const versions = new Map<string, bigint>()
    while (!this.#stopped) {
      const key = `${this.epoch}/${random.integerBelow(keysOfEpoch)}`
      const answer = await this.#one(client, key, random, versions.get(key))
      if (typeof answer === 'object' && 'version' in answer && answer.version !== undefined) versions.set(key, answer.version)
      await sleep(random.integerBelow(pauseMaxMs))
    }
  }

  async #one(client: ClusterClient, key: string, random: SeededRandom, known: bigint | undefined) {
    const dice = random.integerBelow(100)
    if (dice < 40) return await client.read(key)
    const call: Exclude<KeyCall, { kind: 'read' }> =
      dice < 52
        ? { kind: 'delete', demand: drawDemand(random, known, ['any', 'present']) }
        : { kind: 'put', value: this.value(), demand: drawDemand(random, known, ['absent', 'present']) }
    const answer = await client.change(key, call)
    if (typeof answer === 'object') this.acknowledgedMs.push(performance.now())
    return answer
  }
}

function drawDemand(random: SeededRandom, known: bigint | undefined, kinds: readonly ('any' | 'absent' | 'present')[]): Demand {
  if (random.percent(60)) return { kind: 'any' }
  return known !== undefined && random.percent(60) ? { kind: 'version', version: known } : { kind: random.pick(kinds) }
}

/** The longest time between two of the moments within a window, its ends counted. */
export function longestGapMs(moments: readonly number[], [from, to]: readonly [number, number]): number {
  let [last, longest] = [from, 0]
  for (const moment of moments) {
    if (moment < from || moment > to) continue
    longest = Math.max(longest, moment - last)
    last = moment
  }
  return Math.max(longest, to - last)
}
