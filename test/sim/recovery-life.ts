/**
 * A world whose network loses its majority for good: one host is recovered by force and goes on alone while the lost ones come back one by
 * one or together, are refused, and withdraw; a new host joins.
 */
import { addressFromBytes, addressText } from '../../src/node/core/base/address.ts'
import { toHex } from '../../src/node/core/base/bytes.ts'
import { decodeBlockRecord } from '../../src/node/core/consensus/record-codec.ts'
import { decodeAccepted, slotOfAcceptedKey } from '../../src/node/core/consensus/vote-codec.ts'
import type { RecordFamily, RecordStore } from '../../src/node/ports/record-store.ts'
import { isCoded } from '../../src/shared/coded-error.ts'
import type { SeededRandom } from './seeded-random.ts'
import type { SimCluster } from './sim-cluster.ts'
import type { SimHost } from './sim-host.ts'
import { Violation } from './violation.ts'
import type { VirtualTime } from './virtual-time.ts'

export interface RecoveryLifeParts {
  readonly cluster: SimCluster
  readonly survivor: SimHost
  readonly time: VirtualTime
  readonly random: SeededRandom
  readonly tell: (what: string) => void
  /** Faults begin, and end. */
  readonly trouble: { begin(): void; end(): void }
  /** Clients carry out so many operations, unless they are stopped. */
  readonly use: (operations: number) => Promise<void>
  readonly stopClients: () => void
  /** Clients ask these hosts alone from here on. */
  readonly stayAt: (hosts: readonly SimHost[]) => void
  /** The survivor goes on alone from here on. */
  readonly recovered: () => void
  /** Work that goes on by itself; its failure is the world's. */
  readonly begin: (work: Promise<void>) => void
}

/** Slots of each block, by its address in hex, up to which the survivor holds them. */
type Durable = ReadonlyMap<string, number>

const operationsBefore = 70
const operationsAlone = 30
const operationsTogether = 30
const upWaitMs = 20
const upWaitsMax = 2000
const all = 10_000

/** False where the survivor could not go on: its page was being replaced by a snapshot when the others were lost. */
export async function liveThroughRecovery(parts: RecoveryLifeParts): Promise<boolean> {
  const { cluster, survivor, random, trouble, use, stayAt, stopClients, recovered, begin, tell } = parts
  const founders = cluster.active
  const spare = cluster.hosts.find((host) => !founders.includes(host))
  await cluster.grow()
  await cluster.settle()
  trouble.begin()
  const using = use(operationsBefore)
  await cluster.pause(random.between(50, 1200))
  const lost = founders.filter((host) => host !== survivor)
  for (const host of lost) {
    host.isLost = true
    if (host.isUp) host.losePower({ keep: random.between(0, host.disk.unsyncedBatches), torn: random.percent(50) })
  }
  tell(`lost for good: ${lost.map(({ name }) => name).join(' ')}`)
  if (random.percent(50)) await cluster.pause(random.between(1, 400))
  stopClients()
  survivor.isLost = true
  if (survivor.isUp) survivor.losePower({ keep: random.between(0, survivor.disk.unsyncedBatches), torn: random.percent(50) })
  await using
  const durable = await durableAt(survivor)
  if (!(await recover(parts, founders[0]))) {
    trouble.end()
    return false
  }
  recovered()
  cluster.active = [survivor]
  stayAt([survivor])
  survivor.isLost = false
  begin(survivor.start())
  const heldApart = comeBack(parts, lost)
  // From the first moment on: before everything is taken back.
  await use(operationsAlone)
  await isUp(cluster, survivor)
  if (spare !== undefined) {
    cluster.active = [survivor, spare]
    await cluster.grow()
    stayAt(cluster.active)
    await use(operationsTogether)
  }
  await heldApart
  trouble.end()
  await staySetAside(parts, lost)
  await nothingDurableIsLost(cluster, survivor, durable)
  return true
}

/** Power may go in between: it is done as a whole or not at all. */
async function recover({ survivor, time, random, tell }: RecoveryLifeParts, founder: SimHost | undefined): Promise<boolean> {
  for (;;) {
    const crash = random.percent(30)
      ? time.after(random.between(0, 6), () => survivor.losePower({ keep: random.between(0, 2), torn: random.percent(50) }))
      : undefined
    try {
      await survivor.recover(founder)
      return true
    } catch (error) {
      // It was durable before power went.
      if (isCoded(error, 'invalid-argument') && error.message.includes('nothing to recover')) return true
      if (isCoded(error, 'invalid-argument') && error.message.includes('no whole copy')) return false
      if (!isCoded(error, 'not-running')) throw error
      tell('power went during the recovery')
    } finally {
      crash?.[Symbol.dispose]()
    }
  }
}

/** Resolves when all of them were started; some are held apart from the survivor for a while. */
async function comeBack({ cluster, survivor, random, begin, tell }: RecoveryLifeParts, lost: readonly SimHost[]): Promise<void> {
  const apart = random.percent(40)
  const cut = (isCut: boolean) => {
    for (const host of lost) {
      for (const [from, to] of [
        [host, survivor],
        [survivor, host],
      ] as const) {
        if (isCut) cluster.between.cut(from.endpoint, to.endpoint)
        else cluster.between.mend(from.endpoint, to.endpoint)
      }
    }
  }
  if (apart) cut(true)
  for (const host of lost) {
    await cluster.pause(random.between(0, 800))
    host.isLost = false
    tell(`${host.name} comes back`)
    if (!host.isUp) begin(host.start())
  }
  if (!apart) return
  await cluster.pause(random.between(50, 1000))
  cut(false)
}

/** Whoever was lost learns of it, takes no part any more, and what it holds stays as it is. */
async function staySetAside({ cluster }: RecoveryLifeParts, lost: readonly SimHost[]): Promise<void> {
  for (const host of lost) {
    for (let waits = 0; host.node?.cluster.status().leftBehind === undefined; waits++) {
      if (waits > upWaitsMax) throw new Violation(`${host.name} does not learn that the network went on without it`)
      await cluster.pause(upWaitMs)
    }
    if (host.node?.cluster.status().withdrawn !== true) await cluster.pause(upWaitMs)
    if (host.node?.cluster.status().withdrawn !== true) throw new Violation(`${host.name} was left behind and takes part`)
  }
  // What was on its way to the disk gets there.
  await cluster.pause(1000)
  const before = await Promise.all(lost.map(imageOf))
  await cluster.pause(2000)
  for (const [index, host] of lost.entries()) {
    if ((await imageOf(host)) !== before[index]) throw new Violation(`what ${host.name} holds was changed behind the recovery`)
  }
}

async function imageOf({ store, name }: SimHost): Promise<string> {
  if (store === undefined) throw new Violation(`${name} is down although nothing happens to it`)
  const families: readonly RecordFamily[] = ['block', 'entry', 'outcome', 'accepted', 'vote']
  const lines: string[] = []
  for (const family of families) {
    for (const { key, value } of await store.scan(family, { limit: all })) lines.push(`${family} ${toHex(key)} ${toHex(value)}`)
  }
  return lines.join('\n')
}

/** What the survivor had applied or accepted, without a gap and up to the first change of the group. */
async function durableAt(survivor: SimHost): Promise<Durable> {
  await using store = survivor.openDisk()
  const durable = new Map<string, number>()
  for (const { key, value } of await store.scan('block', { limit: all })) {
    const address = addressFromBytes(key)
    const record = address && decodeBlockRecord(address, value)
    if (record === undefined) throw new Violation('the survivor has a block that cannot be read')
    durable.set(toHex(key), Number(record.committedIndex))
  }
  for (const { key, value } of await store.scan('accepted', { limit: all })) {
    const block = toHex(key.subarray(0, 32))
    const [slot, accepted] = [slotOfAcceptedKey(key), decodeAccepted(value)]
    const known = durable.get(block) ?? -1
    if (slot === known + 1 && accepted?.entry.kind !== 'group') durable.set(block, slot)
  }
  return durable
}

async function nothingDurableIsLost(cluster: SimCluster, survivor: SimHost, durable: Durable): Promise<void> {
  for (let waits = 0; (survivor.node?.cluster.status().recovery?.blocksLeft ?? 1) > 0; waits++) {
    if (waits > upWaitsMax) throw new Violation('blocks are not taken back')
    await cluster.pause(upWaitMs)
  }
  const store = storeOf(survivor)
  for (const [block, slot] of durable) {
    const address = addressFromBytes(Uint8Array.from(Buffer.from(block, 'hex')))
    const bytes = address && (await store.get('block', address))
    const record = address && bytes && decodeBlockRecord(address, bytes)
    if (address === undefined) continue
    // A tombstone goes when its horizon has passed, which is longer than a world.
    if (!record || record.committedIndex < slot) {
      throw new Violation(
        `${addressText(address)} was held up to ${slot} and stands at ${record ? record.committedIndex : 'none'}`,
      )
    }
    if (record.promised.recovery < 1) throw new Violation(`${addressText(address)} was not taken back`)
  }
}

function storeOf({ name, store }: SimHost): RecordStore {
  if (store === undefined) throw new Violation(`${name} is down although nothing happens to it`)
  return store
}

async function isUp(cluster: SimCluster, host: SimHost): Promise<void> {
  for (let waits = 0; host.node === undefined; waits++) {
    if (waits > upWaitsMax) throw new Violation(`${host.name} does not come up`)
    await cluster.pause(upWaitMs)
  }
}
