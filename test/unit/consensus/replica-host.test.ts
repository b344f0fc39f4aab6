import { expect, test } from 'vitest'
import { openMemoryStore } from '../../../src/node/adapters/memory-store/memory-store.ts'
import { addressFromDigest } from '../../../src/node/core/base/address.ts'
import { bornGroup } from '../../../src/node/core/consensus/group.ts'
import { ReplicaHost } from '../../../src/node/engine/consensus/replica-host.ts'
import { CodedError } from '../../../src/shared/coded-error.ts'
import { MemoryCluster } from '../../support/memory-cluster.ts'
import { silentLogger } from '../../support/silent.ts'

const memberOf = (byte: number) => ({ nodeId: new Uint8Array(32).fill(byte), storeId: new Uint8Array(16).fill(byte) })
const addressOf = (number: number) => addressFromDigest(new Uint8Array(32).fill(number), 'mutable')

function hostOf(hostedBytesMax: number) {
  const { clock, limits, random } = new MemoryCluster({ hostedBytesMax })
  const self = { ...memberOf(1), bootCount: 1, recovery: 0 }
  const born = { members: [memberOf(1)], epoch: 1 }
  const host = new ReplicaHost({
    ...{ store: openMemoryStore({ random }), clock, limits, self },
    logger: silentLogger,
    link: { send: () => undefined, catchUp: () => Promise.reject(new CodedError('unavailable', 'nobody is there')) },
    logicOf: () => {
      throw new Error('nothing is applied')
    },
    birthGroup: () => bornGroup(born.members),
    isUncertain: () => false,
    epoch: () => born.epoch,
  })
  return { host, born }
}

test('a block that is not born belongs to another group when the map has changed', async () => {
  const { host, born } = hostOf(1_000_000)
  expect((await host.open(addressOf(1))).group.members).toHaveLength(1)
  born.members = [memberOf(1), memberOf(2)]
  expect((await host.open(addressOf(1))).group.members).toHaveLength(1)
  host.placementChanged()
  expect((await host.open(addressOf(1))).group.members).toHaveLength(2)
  await host.stop()
})

test('so does one that stays in memory, and one that is in use', async () => {
  const { host, born } = hostOf(1_000_000)
  const pinned = await host.pin(addressOf(1))
  const used = await host.open(addressOf(2))
  using _used = used.use()
  born.members = [memberOf(1), memberOf(2)]
  host.placementChanged()
  expect(pinned.group.members).toHaveLength(2)
  expect(used.group.members).toHaveLength(2)
  expect(await host.open(addressOf(2))).toBe(used)
  await host.stop()
})

test('and one that is being loaded while the map changes', async () => {
  const { host, born } = hostOf(1_000_000)
  const opening = host.open(addressOf(1))
  born.members = [memberOf(1), memberOf(2)]
  born.epoch = 2
  host.placementChanged()
  expect((await opening).group.members).toHaveLength(2)
  await host.stop()
})
