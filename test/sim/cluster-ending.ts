/**
 * What has to hold of a cluster once nothing is in its way any more: all hosts answer every read, members of a group hold the same records,
 * values have copies enough, and no store has a fault.
 */
import type { BlockAddress } from '../../src/node/core/base/address.ts'
import { addressFromBytes, addressText } from '../../src/node/core/base/address.ts'
import { equalBytes, prefixEnd, toHex } from '../../src/node/core/base/bytes.ts'
import type { BlockRecord } from '../../src/node/core/consensus/block-record.ts'
import { decodeBlockRecord, encodeBlockRecord } from '../../src/node/core/consensus/record-codec.ts'
import { acceptedKey } from '../../src/node/core/consensus/vote-codec.ts'
import { decodeEntry } from '../../src/node/core/kv/entry.ts'
import { replicationFactor } from '../../src/node/engine/network/network-view.ts'
import type { RecordFamily, RecordStore } from '../../src/node/ports/record-store.ts'
import type { SimCluster } from './sim-cluster.ts'
import type { SimHost } from './sim-host.ts'
import { Violation } from './violation.ts'

export interface ClusterEndingParts {
  readonly cluster: SimCluster
  /** Reads everything at a host; false where a read was refused. */
  readonly readAll: (host: SimHost) => Promise<boolean>
  /** Changes whatever can be changed: members hear with a change of all that was decided before. False where it was refused. */
  readonly changeAll: () => Promise<boolean>
  /** Values may be missing, and nothing else. */
  readonly isLossy: boolean
  /** Copies that each value has; a majority of those that should hold it unless given. */
  readonly copies?: number
  /** Where copies have rotted. Whoever reads one is told, so that it is none that is served; what nobody read may still be there. */
  readonly rotten: SimHost | undefined
  readonly reviewDelayMs: number
}

interface HeldBlock {
  readonly host: SimHost
  readonly store: RecordStore
  readonly record: BlockRecord
}

/** Who has met a damaged index is restarted by then. */
const lastRestartsMs = 300
const upWaitMs = 50
const upWaitsMax = 200
const triesPauseMs = 100
const triesMax = 100
const agreePauseMs = 100
/** Each host may review by itself, and once more for what it was told meanwhile. */
const reviewsAwaited = 2
const reviewMs = 1000
const agreesMax = 200
const all = 10_000

export async function endCluster({
  cluster,
  readAll,
  changeAll,
  isLossy,
  copies,
  rotten,
  reviewDelayMs,
}: ClusterEndingParts): Promise<void> {
  const { active: hosts } = cluster
  await cluster.pause(lastRestartsMs)
  await everyHostIsUp(cluster)
  await cluster.settle()
  await soon(cluster, 'a change', changeAll)
  await soon(cluster, 'an invite', () => cluster.invites(hosts[0]))
  for (const host of hosts) await soon(cluster, `a read at ${host.name}`, () => readAll(host))
  await membersAgree(cluster)
  // Who took a state in place of its entries has their values after the next review.
  await cluster.pause(reviewsAwaited * (reviewDelayMs + reviewMs))
  if (!isLossy) await valuesAreKept(hosts, copies)
  for (const host of hosts) {
    const isFault = faultOf(host, isLossy, rotten)
    const findings = ((await host.node?.verify())?.findings ?? ['the node is down']).filter(isFault)
    if (findings.length > 0) throw new Violation(`${host.name} finds fault with its store: ${findings.join('; ')}`)
  }
  for (const host of hosts) await host.stop()
  for (const host of hosts) {
    const atRest = (await host.findingsAtRest()).filter(faultOf(host, isLossy, rotten))
    if (atRest.length > 0) throw new Violation(`the store of ${host.name} at rest is not whole: ${atRest.join('; ')}`)
  }
}

/** What may be found: a key whose value was lost with others, and copies that rotted. */
function faultOf(host: SimHost, isLossy: boolean, rotten: SimHost | undefined): (finding: string) => boolean {
  return (finding) => !(isLossy && finding.includes('missing')) && !(host === rotten && finding.startsWith('content'))
}

async function soon(cluster: SimCluster, what: string, action: () => Promise<boolean>): Promise<void> {
  for (let tries = 1; !(await action()); tries++) {
    if (tries > triesMax) throw new Violation(`${what} is refused although nothing is in its way`)
    await cluster.pause(triesPauseMs)
  }
}

async function everyHostIsUp(cluster: SimCluster): Promise<void> {
  for (const host of cluster.active) {
    for (let waits = 0; host.node === undefined; waits++) {
      if (waits > upWaitsMax) throw new Violation(`${host.name} does not come back`)
      await cluster.pause(upWaitMs)
    }
    if (host.node?.status().condition.kind !== 'sound') throw new Violation(`${host.name} does not come back sound`)
  }
}

/** Followers may be a little behind; within seconds they are not. */
async function membersAgree(cluster: SimCluster): Promise<void> {
  for (let tries = 1; ; tries++) {
    const difference = await differenceOf(cluster.active)
    if (difference === undefined) return
    if (tries > agreesMax) throw new Violation(`members do not come to one state: ${difference}`)
    await cluster.pause(agreePauseMs)
  }
}

async function differenceOf(hosts: readonly SimHost[]): Promise<string | undefined> {
  for (const [name, held] of await heldBlocks(hosts)) {
    const difference = await blockDifference(held, hosts)
    if (difference !== undefined) return `${name}: ${difference}`
  }
  return undefined
}

async function heldBlocks(hosts: readonly SimHost[]): Promise<ReadonlyMap<string, readonly HeldBlock[]>> {
  const byBlock = new Map<string, HeldBlock[]>()
  for (const host of hosts) {
    const store = storeOf(host)
    for (const { key, value } of await store.scan('block', { limit: all })) {
      const address = addressFromBytes(key)
      const record = address && decodeBlockRecord(address, value)
      if (address === undefined || record === undefined) throw new Violation(`${host.name} has a block that cannot be read`)
      const held = byBlock.get(addressText(address)) ?? []
      held.push({ host, store, record })
      byBlock.set(addressText(address), held)
    }
  }
  return byBlock
}

/** By the group of whoever is furthest; who is no member of it does not count. */
async function blockDifference(held: readonly HeldBlock[], hosts: readonly SimHost[]): Promise<string | undefined> {
  const furthest = furthestOf(held)
  if (furthest === undefined) return undefined
  const { address, group } = furthest.record
  const expected = await imageOf(furthest)
  for (const member of group.members) {
    const host = hosts.find(({ node }) => equalBytes(node?.status().identity.nodeId ?? address, member.nodeId))
    const own = held.find((each) => each.host === host)
    if (own === undefined) return `${host?.name ?? 'a member'} does not have it`
    if (await isOnItsWay(own, furthest)) continue
    const image = await imageOf(own)
    const odd = [...new Set([...expected.keys(), ...image.keys()])].find((record) => expected.get(record) !== image.get(record))
    if (odd !== undefined) {
      const indices = `${furthest.record.committedIndex} and ${own.record.committedIndex}`
      return `${furthest.host.name} and ${own.host.name} differ in ${odd} at ${indices}`
    }
  }
  return undefined
}

/** It holds what it lacks, and hears with the next change that this is chosen. */
async function isOnItsWay({ store, record }: HeldBlock, furthest: HeldBlock): Promise<boolean> {
  const [held, chosen] = [record.committedIndex, furthest.record.committedIndex]
  if (held >= chosen) return false
  for (let slot = Number(held) + 1; slot <= chosen; slot++) {
    if (!(await store.has('accepted', acceptedKey(record.address, slot)))) return false
  }
  return true
}

/** Everything that a member keeps of a block and that is not its own. */
async function imageOf({ store, record }: HeldBlock): Promise<ReadonlyMap<string, string>> {
  const image = new Map<string, string>()
  const { address } = record
  const shared = { ...record, promised: samePromise(record) }
  image.set('its record', toHex(encodeBlockRecord(shared)))
  const families: readonly RecordFamily[] = ['entry', 'outcome']
  for (const family of families) {
    const before = prefixEnd(address)
    for (const { key, value } of await store.scan(family, { from: address, ...(before && { before }), limit: all })) {
      image.set(`${family} ${toHex(key)}`, toHex(value))
    }
  }
  return image
}

/** Promises are each member's own. */
function samePromise({ promised, group }: BlockRecord): BlockRecord['promised'] {
  const [first] = group.members
  return first === undefined ? promised : { ...promised, round: 0, bootCount: 1, nodeId: first.nodeId, storeId: first.storeId }
}

/** What an entry of a page names lies at a majority of the nodes that should hold it. */
async function valuesAreKept(hosts: readonly SimHost[], wanted: number | undefined): Promise<void> {
  const named = new Map<string, BlockAddress>()
  for (const [page, held] of await heldBlocks(hosts)) {
    const furthest = furthestOf(held)
    if (furthest === undefined || furthest.record.state.kind !== 'map') continue
    const { address } = furthest.record
    const before = prefixEnd(address)
    const bounds = { from: address, ...(before && { before }), limit: all }
    for (const { value } of await furthest.store.scan('entry', bounds)) {
      const entry = decodeEntry(value)
      if (entry !== undefined) named.set(`${addressText(entry.address)} of ${page}`, entry.address)
    }
  }
  const needed = wanted ?? Math.floor(Math.min(replicationFactor, hosts.length) / 2) + 1
  for (const [name, address] of named) {
    let copies = 0
    for (const host of hosts) if (await storeOf(host).has('content', address)) copies += 1
    if (copies < needed) throw new Violation(`the value ${name} has ${copies} of ${needed} copies`)
  }
}

function furthestOf(held: readonly HeldBlock[]): HeldBlock | undefined {
  return held.toSorted((left, right) => Number(right.record.committedIndex - left.record.committedIndex))[0]
}

function storeOf({ name, store }: SimHost): RecordStore {
  if (store === undefined) throw new Violation(`${name} is down although nothing happens to it`)
  return store
}
