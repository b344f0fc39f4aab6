import { expect, test } from 'vitest'
import { openMemoryStore } from '../../../src/node/adapters/memory-store/memory-store.ts'
import { signPassport } from '../../../src/node/core/access/passport.ts'
import type { Rights } from '../../../src/node/core/access/rights.ts'
import { allRights } from '../../../src/node/core/access/rights.ts'
import { hlcFromMs } from '../../../src/node/core/base/hybrid-clock.ts'
import { entryKey } from '../../../src/node/core/kv/record-keys.ts'
import { decodeAdmission, encodeAdmission, revoke } from '../../../src/node/core/overlay/admission-section.ts'
import { decodeRootSection, encodeRootSection, rootSectionNames } from '../../../src/node/core/overlay/root-section.ts'
import { writeOwnPassport } from '../../../src/node/engine/network/own-passport.ts'
import type { MemoryNode } from '../../support/memory-cluster.ts'
import { crypto, MemoryCluster } from '../../support/memory-cluster.ts'
import { changedLink } from './changed-link.ts'
import { mapRecord } from './held-state.ts'

const dayMs = 86_400_000

/** Two nodes that may do everything, and one that has joined with less. */
async function withLess(rights: Partial<Rights>): Promise<{ readonly cluster: MemoryCluster; readonly less: MemoryNode }> {
  const cluster = await MemoryCluster.of(2)
  const founder = cluster.at(0)
  const less = cluster.add('node-3')
  await less.join(await founder.invite())
  const { user } = await founder.keys()
  const own = await less.keys()
  const nowMs = cluster.clock.nowMs()
  const passport = signPassport(user.signing, {
    networkId: founder.node.status().identity.networkId,
    userKey: own.user.signing.publicKey,
    userAgreementKey: own.user.agreement.publicKey,
    nodeKey: own.node.publicKey,
    rights: { ...allRights, administer: false, ...rights },
    notBeforeMs: nowMs - dayMs,
    notAfterMs: nowMs + dayMs,
    serial: new Uint8Array(16).fill(3),
  })
  await using store = openMemoryStore({ random: cluster.random.fork(), disk: less.disk })
  await store.commit([writeOwnPassport([passport])], { space: 'reserve' })
  await store.close()
  // Its primary is one of those who may do everything.
  await founder.put('key', 'value')
  await less.start()
  await cluster.settled()
  await founder.put('key', 'value')
  return { cluster, less }
}

test('who may not write is refused by the primary, and reads', async () => {
  const { cluster, less } = await withLess({ write: false })
  await using _cluster = cluster
  expect(await less.get('key')).toBe('value')
  expect(await less.codeOf(less.put('key', 'other'))).toBe('permission-denied')
  expect(await cluster.at(0).get('key')).toBe('value')
})

test('who may not read is refused by the primary', async () => {
  const { cluster, less } = await withLess({ read: false })
  await using _cluster = cluster
  expect(await less.codeOf(less.get('key'))).toBe('permission-denied')
  expect(await less.codeOf(less.get('unknown'))).toBe('permission-denied')
  expect(await less.codeOf(less.call((node, context) => node.keyValues.list('', {}, context)))).toBe('permission-denied')
})

test('who may not invite makes no invites, and admits nobody with that of another', async () => {
  const { cluster, less } = await withLess({ invite: false })
  await using _cluster = cluster
  expect(await less.codeOf(less.invite())).toBe('permission-denied')
  const link = await cluster.at(0).invite()
  const { epoch } = cluster.at(0)
  const inviter = crypto.sha256((await less.keys()).node.publicKey)
  const fourth = cluster.add('node-4')
  const bent = changedLink(link, { inviter, endpoints: [less.endpoint] })
  expect(await fourth.codeOf(fourth.join(bent))).toBe('permission-denied')
  expect(cluster.at(0).epoch).toBe(epoch)
  await fourth.join(link)
  expect(cluster.at(0).epoch).toBe(epoch + 1)
})

test('who was revoked is heard by nobody, and the others go on', async () => {
  await using cluster = await MemoryCluster.of(3)
  const revoked = cluster.at(2)
  await revoked.put('key', 'value')
  const { node: nodeKey } = await revoked.keys()
  const [by] = [(await cluster.at(0).keys()).user.signing.publicKey]
  for (const node of [...cluster.nodes]) await node.stop()
  for (const { disk } of cluster.nodes) {
    await using store = openMemoryStore({ random: cluster.random.fork(), disk })
    const root = await mapRecord(store, 'root')
    const key = root && entryKey(root.address, rootSectionNames.admission)
    const section = key && decodeRootSection((await store.get('entry', key)) ?? new Uint8Array(0))
    const admission = section && decodeAdmission(section.body)
    const at = hlcFromMs(cluster.clock.nowMs())
    const changed = admission && revoke(admission, { kind: 'key', value: nodeKey.publicKey, at, by })
    if (key === undefined || section === undefined || changed === undefined) throw new Error('every node has the root')
    const value = encodeRootSection({ ...section, body: encodeAdmission(changed) })
    await store.commit([{ kind: 'put', family: 'entry', key, value }], { space: 'reserve' })
    await store.close()
  }
  await cluster.at(0).start()
  await cluster.at(1).start()
  await revoked.start()
  await cluster.pass(5000)
  expect(cluster.at(0).refusedHellos).toContain('revoked')
  expect(await cluster.at(0).get('key')).toBe('value')
  expect(await cluster.at(1).put('key', 'other')).toMatchObject({ kind: 'done' })
  expect(await revoked.codeOf(revoked.put('key', 'mine'))).toBe('unavailable')
  expect(await revoked.codeOf(revoked.get('key'))).toBe('unavailable')
  expect(await cluster.at(0).get('key')).toBe('other')
})
