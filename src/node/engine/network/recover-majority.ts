import { assert } from '../../../shared/assert.ts'
import { CodedError } from '../../../shared/coded-error.ts'
import { signTerms } from '../../core/access/network-descriptor.ts'
import { equalBytes, startsWith, toHex } from '../../core/base/bytes.ts'
import type { BlockRecord, MapHead } from '../../core/consensus/block-record.ts'
import type { Proposer } from '../../core/consensus/prepare-alone.ts'
import { encodeBlockRecord } from '../../core/consensus/record-codec.ts'
import type { Slot } from '../../core/consensus/replica-events.ts'
import { aloneGroup, takeBack } from '../../core/consensus/take-back.ts'
import { acceptedKey } from '../../core/consensus/vote-codec.ts'
import { entryKey } from '../../core/kv/record-keys.ts'
import { encodeDescriptorSection } from '../../core/overlay/descriptor-section.ts'
import { encodePlacement, placeOf } from '../../core/overlay/placement-map.ts'
import type { RecoveryRecord } from '../../core/overlay/recovery-record.ts'
import { encodeRecoveryRecord, recoveriesKeptMax, signRecovery } from '../../core/overlay/recovery-record.ts'
import type { RootEntry, SectionChange } from '../../core/overlay/root-entry.ts'
import { applyRootEntry, decodeRootEntry } from '../../core/overlay/root-entry.ts'
import type { RootSection } from '../../core/overlay/root-section.ts'
import {
  encodeRootSection,
  placementPrefix,
  placementSection,
  recoverySection,
  rootSectionNames,
  settledPrefix,
} from '../../core/overlay/root-section.ts'
import type { Crypto, SigningKey } from '../../ports/crypto.ts'
import type { Random } from '../../ports/random.ts'
import type { RecordStore, RecordWrite } from '../../ports/record-store.ts'
import { readHeldSlots } from '../consensus/load-replica.ts'
import type { LoadedRoot } from './load-network.ts'
import { readSections, sectionsByName } from './load-network.ts'
import { networkFacts } from './network-facts.ts'
import { writeNetworkRecord } from './network-record.ts'
import { recountBlocks } from './recount-blocks.ts'
import { nextRecovery, takenOutBy } from './recovery-plan.ts'
import { readRootCopy } from './root-copy.ts'
import { signSections } from './root-sections.ts'

export interface MajorityParts {
  readonly crypto: Crypto
  readonly random: Random
  readonly store: RecordStore
  readonly stamp: () => bigint
  readonly nowMs: number
  /** The key of the owner or of an administrator of the network. */
  readonly administrator: SigningKey
}

/** The root as it is changed: its record, and its sections by name as hex digits. */
interface OpenRoot {
  record: BlockRecord
  readonly sections: Map<string, { readonly name: Uint8Array; readonly section: RootSection }>
  /** Names of all that was changed. */
  readonly touched: Map<string, Uint8Array>
}

/**
 * Takes a network that has lost its majority back with this data directory alone: the next placement map names it and nobody else, every
 * open epoch ends, and what the root's members accepted here is adopted, since it may have been chosen. It is one batch of the store: a
 * crash leaves all of it or nothing. Other blocks are taken back by the starts that follow. `planRecovery` has found no obstacle.
 */
export async function recoverMajority(parts: MajorityParts, loaded: LoadedRoot): Promise<RecoveryRecord> {
  const { crypto, store, nowMs, administrator } = parts
  const { state } = loaded
  const { networkId, root: address, placement } = state
  const self: Proposer = { ...state.self, recovery: nextRecovery(loaded) }
  const known = placeOf(placement, self.nodeId)
  // A store that lost records counts what is there.
  if (known !== undefined && !equalBytes(known.storeId, self.storeId)) {
    await recountBlocks({ store, networkId, root: address, self })
  }
  const { root, accepted } = await openRoot(parts, loaded, self)
  const { facts } = factsOf(parts, loaded, root)
  const place = placeOf(facts.placement, self.nodeId) ?? known
  assert(place !== undefined, 'a network that was loaded names this node')
  const epoch = Math.max(facts.placement.epoch, placement.epoch) + 1
  const survivor = { nodeId: self.nodeId, storeId: self.storeId }
  const terms = { networkId, number: self.recovery, epoch, recoveredMs: Math.floor(nowMs), survivor }
  const takenOut = takenOutBy({ ...loaded, state: { ...state, maps: [...state.maps, ...facts.maps] } })
  const recovery = signRecovery({ crypto, signer: administrator }, terms, takenOut)
  change(parts, loaded, root, [
    ...named(root, placementPrefix).map((name) => ({ name, body: undefined })),
    ...named(root, settledPrefix).map((name) => ({ name, body: undefined })),
    ...outdatedRecoveries(facts.recoveries).map((number) => ({ name: recoverySection(number), body: undefined })),
    { name: placementSection(epoch), body: encodePlacement({ epoch, places: [{ ...place, storeId: self.storeId }] }) },
    { name: recoverySection(self.recovery), body: encodeRecoveryRecord(recovery) },
    ...handOver(parts, loaded, facts),
  ])
  const writes: RecordWrite[] = [
    writeNetworkRecord({ networkId, recovery: self.recovery }),
    ...sectionWrites(root, loaded),
    { kind: 'put', family: 'block', key: address, value: encodeBlockRecord(root.record) },
    { kind: 'delete', family: 'vote', key: address },
    ...accepted.map((slot): RecordWrite => ({ kind: 'delete', family: 'accepted', key: acceptedKey(address, slot) })),
  ]
  await store.commit(writes, { space: 'reserve' })
  return recovery
}

/** With everything adopted that was accepted here, under the group and the ballot of this recovery. */
async function openRoot(
  parts: MajorityParts,
  loaded: LoadedRoot,
  self: Proposer,
): Promise<{ readonly root: OpenRoot; readonly accepted: readonly number[] }> {
  const { store } = parts
  const { state, held } = loaded
  const { networkId, root: address } = state
  const disk = await readHeldSlots(store, address, -1)
  const accepted = disk.map(({ slot }) => slot)
  if (held === undefined) return { root: await rootOfCopy(parts, loaded, self), accepted }
  const { record } = held
  const sections = sectionsByName(await readSections(store, address, networkId))
  const slots = disk.filter(({ slot }) => slot > Number(record.committedIndex))
  const before = { group: record.group, promised: record.promised, applied: Number(record.committedIndex), slots }
  const taken = takeBack(record, before, self)
  assert(taken?.block !== undefined, 'a recovery is above every ballot of the root')
  const root: OpenRoot = { record: taken.block, sections: new Map(sections), touched: new Map() }
  for (const slot of taken.record.slots) adopt(root, slot)
  return { root, accepted }
}

/** From the copy of a node that holds no root: it is held here from now on. */
async function rootOfCopy({ store, stamp }: MajorityParts, { state }: LoadedRoot, self: Proposer): Promise<OpenRoot> {
  const copy = await readRootCopy(store, state.networkId)
  assert(copy !== undefined, 'who does not hold the root has a copy of it')
  const { nodeId, storeId, bootCount, recovery } = self
  const bytes = copy.sections.reduce((sum, { name, section }) => sum + name.length + encodeRootSection(section).length, 0)
  let newest = 0n
  for (const { section } of copy.sections) if (section.revision > newest) newest = section.revision
  const floors = { revisionFloor: newest, versionFloor: 0n, originFloor: newest }
  const counts = { recordCount: copy.sections.length, recordBytes: bytes }
  const head: MapHead = { page: 'root', ...counts, ...floors, origins: [], lastBatch: new Uint8Array(0) }
  const record: BlockRecord = {
    address: state.root,
    generation: stamp(),
    group: aloneGroup(self, copy.group.index),
    promised: { recovery, round: 0, bootCount, nodeId, storeId },
    committedIndex: BigInt(copy.index),
    version: BigInt(copy.index),
    outcomeFloor: 0n,
    outcomeCount: 0,
    state: { kind: 'map', head },
  }
  return { record, sections: new Map(sectionsByName(copy.sections)), touched: new Map() }
}

function adopt(root: OpenRoot, { slot, entry }: Slot): void {
  const decoded = entry.kind === 'change' ? decodeRootEntry(entry.body) : undefined
  if (entry.kind === 'change' && decoded === undefined) {
    throw new CodedError('data-corrupt', 'an accepted entry of the network’s root cannot be read; nothing was changed')
  }
  if (decoded !== undefined) apply(root, decoded)
  root.record = { ...root.record, committedIndex: BigInt(slot) }
}

function apply(root: OpenRoot, entry: RootEntry): void {
  const present = new Map([...root.sections].map(([name, { section }]) => [name, section]))
  const { record, sections } = applyRootEntry(root.record, entry, present)
  root.record = record
  for (const { name, section } of sections) {
    const key = toHex(name)
    root.touched.set(key, name)
    if (section === undefined) root.sections.delete(key)
    else root.sections.set(key, { name, section })
  }
}

/** The change of this node, in the next slot. */
function change(
  { crypto, random, stamp }: MajorityParts,
  { state: { keys, networkId, root: address } }: LoadedRoot,
  root: OpenRoot,
  wishes: readonly { readonly name: Uint8Array; readonly body: Uint8Array | undefined }[],
): void {
  const changes = wishes.map(({ name, body }): SectionChange => {
    const before = root.sections.get(toHex(name))
    return { name, body, version: before === undefined ? 0n : before.section.version + 1n }
  })
  const [session, sequence, hlc] = [random.bytes(16), 1n, stamp()]
  const signed = signSections({ crypto, keys, networkId, root: address }, { session, sequence, issued: hlc, changes })
  apply(root, { hlc, session, sequence, changes, signed })
  root.record = { ...root.record, committedIndex: root.record.committedIndex + 1n }
}

function factsOf({ crypto }: MajorityParts, { state: { keys, networkId } }: LoadedRoot, { sections }: OpenRoot) {
  return { facts: networkFacts({ crypto, keys }, networkId, sections) }
}

function named({ sections }: OpenRoot, prefix: Uint8Array): readonly Uint8Array[] {
  return [...sections.values()].map(({ name }) => name).filter((name) => startsWith(name, prefix))
}

function outdatedRecoveries(recoveries: readonly RecoveryRecord[]): readonly number[] {
  return recoveries.slice(0, Math.max(0, recoveries.length - recoveriesKeptMax + 1)).map(({ proof }) => proof.number)
}

/** Where the owner signs who is not the user of this node, the network is that user's from now on: nobody else could renew its passports. */
function handOver(
  { administrator }: MajorityParts,
  { state: { keys } }: LoadedRoot,
  { descriptor }: ReturnType<typeof networkFacts>,
): readonly { readonly name: Uint8Array; readonly body: Uint8Array }[] {
  const present = descriptor.terms.at(-1)
  const next = keys.user.signing.publicKey
  assert(present !== undefined, 'a descriptor has terms')
  if (!equalBytes(present.owner, administrator.publicKey) || equalBytes(present.owner, next)) return []
  const { signature: _signature, ...terms } = present
  const signed = signTerms(administrator, { ...terms, version: terms.version + 1, owner: next })
  const body = encodeDescriptorSection({ ...descriptor, terms: [...descriptor.terms, signed] })
  return [{ name: rootSectionNames.descriptor, body }]
}

/** What is changed, or all of it where only a copy was held. */
function sectionWrites({ sections, touched }: OpenRoot, { state: { root }, held }: LoadedRoot): readonly RecordWrite[] {
  const writes: RecordWrite[] = []
  const names = held === undefined ? new Map([...sections].map(([key, { name }]) => [key, name])) : touched
  for (const [key, name] of names) {
    const found = sections.get(key)
    if (found === undefined) writes.push({ kind: 'delete', family: 'entry', key: entryKey(root, name) })
    else writes.push({ kind: 'put', family: 'entry', key: entryKey(root, name), value: encodeRootSection(found.section) })
  }
  return writes
}
