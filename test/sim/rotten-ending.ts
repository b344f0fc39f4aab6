/**
 * The end of a world in which acknowledged batches rot in the journal while the machine is down. What is lost is lost, but the node knows: it
 * comes back under another store id, serves what verifies, takes no change, and after a forced recovery it is whole again.
 */
import type { CallContext } from '../../src/node/engine/call-context.ts'
import type { StorageNode } from '../../src/node/engine/storage-node.ts'
import { isCoded } from '../../src/shared/coded-error.ts'
import type { SeededRandom } from './seeded-random.ts'
import type { SimHost } from './sim-host.ts'
import { Violation } from './violation.ts'
import type { WrittenValues } from './written-values.ts'

export interface RottenEndingParts {
  /** Down. */
  readonly host: SimHost
  readonly random: SeededRandom
  readonly values: WrittenValues
  readonly tell: (what: string) => void
}

const call: CallContext = { signal: new AbortController().signal }
const store = ''
const lastPuts = 8

export async function endInRot({ host, random, values, tell }: RottenEndingParts): Promise<void> {
  const before = await started(host)
  const { storeId } = before.status().identity
  for (let index = 0; index < lastPuts; index++) await put(before, values, `k${random.integerBelow(4)}`)
  host.losePower({ keep: host.disk.unsyncedBatches, torn: false })
  const { frames } = host.disk
  // One with a sound one behind it: the last one alone could not be told from a torn tail.
  const rotten = frames[random.integerBelow(Math.max(1, frames.length - 1))]
  if (rotten === undefined || frames.length < 2) return
  host.disk.damageFrame(rotten.sequence)
  tell(`batch ${rotten.sequence} of ${frames.length} rots`)

  const suspect = await started(host)
  const { condition, identity } = suspect.status()
  if (condition.kind !== 'suspect') throw new Violation('a hole in the journal was not found')
  if (Buffer.compare(identity.storeId, storeId) === 0) throw new Violation('a store with a hole kept its id')
  await assertReadOnly(suspect, values)
  await assertNothingForeign(suspect, values)
  await host.stop()

  host.disk.recover()
  for (let starts = 0; starts < 2; starts++) {
    const recovered = await started(host)
    if (recovered.status().condition.kind !== 'sound') throw new Violation('a recovered store is not sound')
    await put(recovered, values, 'after')
    await assertNothingForeign(recovered, values)
    const others = (await recovered.verify()).findings.filter((finding) => !finding.includes('is lost'))
    if (others.length > 0) throw new Violation(`a recovered store is not whole: ${others.join('; ')}`)
    await host.stop()
  }
}

async function started(host: SimHost): Promise<StorageNode> {
  await host.start()
  if (host.node === undefined) throw new Violation('the node does not start')
  return host.node
}

async function put({ keyValues }: StorageNode, values: WrittenValues, key: string): Promise<void> {
  const name = values.make(20)
  await keyValues.put(store, key, values.bytesOf(name), { precondition: { kind: 'any' } }, call)
  const found = await keyValues.get(store, key, {}, call)
  if (found === undefined || values.nameOf(found.value) !== name) throw new Violation('a put that was acknowledged is not read')
}

async function assertReadOnly({ keyValues }: StorageNode, values: WrittenValues): Promise<void> {
  try {
    await keyValues.put(store, 'k0', values.bytesOf(values.make(20)), { precondition: { kind: 'any' } }, call)
  } catch (error) {
    if (isCoded(error, 'store-read-only')) return
    throw error
  }
  throw new Violation('a store with a hole took a change')
}

/** Whatever is listed has a value that somebody wrote, or is said to be damaged. */
async function assertNothingForeign({ keyValues }: StorageNode, values: WrittenValues): Promise<void> {
  const { items } = await keyValues.list(store, {}, call)
  for (const { metadata } of items) {
    try {
      const found = await keyValues.get(store, metadata.key, {}, call)
      if (found !== undefined) values.nameOf(found.value)
    } catch (error) {
      if (!isCoded(error, 'data-corrupt')) throw error
    }
  }
}
