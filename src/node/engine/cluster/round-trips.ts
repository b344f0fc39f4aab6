import { toHex } from '../../core/base/bytes.ts'
import type { SwimMessage } from '../../core/overlay/swim/swim-messages.ts'

/** Part of a new measurement in the average. */
const weight = 0.2

/** How long pings and their answers take, for people to look at. */
export class RoundTrips {
  readonly #nodesMax: number
  /** By the node id in hex: the last ping. */
  readonly #pings = new Map<string, { readonly sequence: number; readonly sentMs: number }>()
  readonly #averages = new Map<string, number>()

  constructor(nodesMax: number) {
    this.#nodesMax = nodesMax
  }

  sent(nodeId: Uint8Array, message: SwimMessage, nowMs: number): void {
    if (message.kind === 'ping') this.#keep(this.#pings, toHex(nodeId), { sequence: message.sequence, sentMs: nowMs })
  }

  heard(nodeId: Uint8Array, message: SwimMessage, nowMs: number): void {
    if (message.kind !== 'ack') return
    const key = toHex(nodeId)
    const ping = this.#pings.get(key)
    if (ping?.sequence !== message.sequence) return
    this.#pings.delete(key)
    const tookMs = nowMs - ping.sentMs
    const before = this.#averages.get(key) ?? tookMs
    this.#keep(this.#averages, key, before + (tookMs - before) * weight)
  }

  /** Undefined until a ping was answered. */
  of(nodeId: Uint8Array): number | undefined {
    return this.#averages.get(toHex(nodeId))
  }

  forget(nodeId: Uint8Array): void {
    const key = toHex(nodeId)
    this.#pings.delete(key)
    this.#averages.delete(key)
  }

  #keep<Value>(map: Map<string, Value>, key: string, value: Value): void {
    map.delete(key)
    map.set(key, value)
    const [oldest] = map.keys()
    if (map.size > this.#nodesMax && oldest !== undefined) map.delete(oldest)
  }
}
