/**
 * Hears of every record of a block that became durable at a host, and knows more than any of them: a slot has one outcome wherever it is
 * applied, a generation is born once, and what a disk holds of a block never goes back. Of maps it knows that an epoch is one map.
 */
import { crc32 } from 'node:zlib'
import type { MemoryDisk } from '../../src/node/adapters/memory-store/memory-disk.ts'
import { addressFromBytes, addressText } from '../../src/node/core/base/address.ts'
import { toHex } from '../../src/node/core/base/bytes.ts'
import { decodeBlockRecord, encodeBlockRecord } from '../../src/node/core/consensus/record-codec.ts'
import type { RecordWrite } from '../../src/node/ports/record-store.ts'
import type { SimHost } from './sim-host.ts'
import { Violation } from './violation.ts'

export class RecordChecker {
  readonly counts = { 'records applied': 0, births: 0, epochs: 0 }
  /** By address, generation and slot. */
  readonly #outcomes = new Map<string, number>()
  readonly #reached = new WeakMap<MemoryDisk, Map<string, bigint>>()
  readonly #births = new Set<string>()
  readonly #maps = new Map<number, string>()
  /** Epochs by which a process acts. */
  readonly #epochs = new Map<string, number>()

  saw(host: SimHost, writes: readonly RecordWrite[]): void {
    for (const write of writes) {
      if (write.family !== 'block') continue
      const address = addressFromBytes(write.key)
      if (address === undefined) throw new Violation(`${host.name} wrote a block without an address`)
      const name = addressText(address)
      const reached = this.#reached.get(host.disk) ?? new Map<string, bigint>()
      this.#reached.set(host.disk, reached)
      if (write.kind === 'delete') {
        reached.delete(name)
        continue
      }
      const record = decodeBlockRecord(address, write.value)
      if (record === undefined) throw new Violation(`${host.name} wrote a record that cannot be read`)
      const { committedIndex, generation, group } = record
      const before = reached.get(name)
      if (before !== undefined && committedIndex < before)
        throw new Violation(`${name} went back from ${before} to ${committedIndex} at ${host.name}`)
      reached.set(name, committedIndex)
      this.counts['records applied'] += 1
      this.#born(`${name} ${generation}`)
      // Promises are each member's own, and learners are told apart by the group's index alone.
      const [first] = group.members
      const promised = first === undefined ? record.promised : { recovery: 0, round: 0, bootCount: 1, ...first }
      this.#agree(`${name} ${generation} ${committedIndex}`, crc32(encodeBlockRecord({ ...record, promised })), host)
    }
  }

  /** By which map a process acts at the moment. */
  acts({ name, starts, node }: SimHost): void {
    if (node === undefined) return
    const { epoch, nodes, removal } = node.cluster.status()
    // Who has left or was evicted acts by no map: what it kept of one may be older than what it says of itself.
    if (removal !== undefined) return
    const process = `${name} ${starts}`
    if (epoch < (this.#epochs.get(process) ?? 0)) throw new Violation(`${name} acts by an older map than before`)
    this.#epochs.set(process, epoch)
    // One that has gone shows itself beside those that the map names.
    const map = nodes
      .filter(({ isSelf, state }) => !isSelf || state !== 'left')
      .map(({ nodeId }) => toHex(nodeId))
      .toSorted()
      .join()
    const known = this.#maps.get(epoch)
    if (known === undefined) this.counts.epochs += 1
    else if (known !== map) throw new Violation(`epoch ${epoch} is another map at ${name}`)
    this.#maps.set(epoch, map)
  }

  #born(name: string): void {
    if (this.#births.has(name)) return
    this.#births.add(name)
    this.counts.births += 1
  }

  #agree(slot: string, outcome: number, { name }: SimHost): void {
    const known = this.#outcomes.get(slot)
    if (known !== undefined && known !== outcome) throw new Violation(`${slot} has another outcome at ${name}`)
    this.#outcomes.set(slot, outcome)
  }
}
