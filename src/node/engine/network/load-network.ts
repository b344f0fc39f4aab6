import { CodedError, isCoded } from '../../../shared/coded-error.ts'
import { nodeIdOf } from '../../core/access/user-keys.ts'
import type { BlockAddress } from '../../core/base/address.ts'
import { addressText } from '../../core/base/address.ts'
import { equalBytes, prefixEnd, toHex } from '../../core/base/bytes.ts'
import { rootBlockAddress } from '../../core/block/map-block.ts'
import { openSealed } from '../../core/block/sealing.ts'
import type { SignedBatch } from '../../core/block/signed-batch.ts'
import { decodeSignedBatch, isGenuineBatch } from '../../core/block/signed-batch.ts'
import type { BlockRecord, MapHead } from '../../core/consensus/block-record.ts'
import { decodeBlockRecord } from '../../core/consensus/record-codec.ts'
import { userKeyOf } from '../../core/kv/record-keys.ts'
import type { DescriptorSection } from '../../core/overlay/descriptor-section.ts'
import { decodeDescriptorSection, isGenuineDescriptor } from '../../core/overlay/descriptor-section.ts'
import type { PlacementMap } from '../../core/overlay/placement-map.ts'
import { decodePlacement, placeOf } from '../../core/overlay/placement-map.ts'
import { decodeFeatureLevel, decodeKeyRing, decodeStoreRoot, featureLevel } from '../../core/overlay/root-bodies.ts'
import type { RootSection } from '../../core/overlay/root-section.ts'
import {
  decodeRootSection,
  keyRingPrefix,
  placementPrefix,
  placementSection,
  rootSectionNames,
  sectionSuffix,
  storePrefix,
} from '../../core/overlay/root-section.ts'
import type { Crypto } from '../../ports/crypto.ts'
import type { RecordStore } from '../../ports/record-store.ts'
import type { NetworkSecret } from '../payload/network-secrets.ts'
import { secretContext } from './found-network.ts'
import type { NetworkRecord } from './network-record.ts'
import type { NetworkState } from './network-state.ts'
import type { NodeKeys } from './node-keys.ts'
import { sectionDigest } from './root-sections.ts'

/** Sections of a root that are read at a time. */
const sectionsAtOnce = 256

export interface LoadingParts {
  readonly crypto: Crypto
  readonly store: RecordStore
  readonly keys: NodeKeys
}

/** The root as it was read and verified. */
export interface LoadedRoot {
  readonly state: NetworkState
  readonly record: BlockRecord
  readonly head: MapHead
}

/** By name, as hex digits. */
type Sections = ReadonlyMap<string, { readonly name: Uint8Array; readonly section: RootSection }>

/**
 * Reads the network of this store and verifies all of it: hashes, signatures, and that keys and store are the ones that it names.
 * Throws CodedError `store-damaged`, `key-unavailable` or `store-newer-format`.
 */
export async function loadNetwork(parts: LoadingParts, kept: NetworkRecord): Promise<LoadedRoot> {
  const { crypto, store, keys } = parts
  const { networkId, recovery } = kept
  const root = rootBlockAddress(crypto, networkId)
  const record = await readPageRecord(store, root, 'root')
  if (record.state.kind !== 'map' || record.state.head.page !== 'root') throw damaged(networkId, 'its root is another block')
  const { head } = record.state
  const sections = await readSections(store, root, networkId)
  if (sections.size !== head.recordCount) throw damaged(networkId, 'sections of its root are missing')
  verifyLastBatch(crypto, networkId, root, head, sections)
  verifyFeatureLevel(bodyOf(sections, rootSectionNames.featureLevel))
  const descriptor = verifiedDescriptor(crypto, networkId, bodyOf(sections, rootSectionNames.descriptor))
  const nodeId = nodeIdOf(crypto, keys.node.publicKey)
  const placement = newestPlacement(networkId, sections)
  if (placeOf(placement, nodeId) === undefined) throw foreignKey('node')
  const secrets = openSecrets(parts, networkId, sections)
  const stores = await readStores(store, networkId, sections)
  const { storeId, bootCount } = store.identity
  const self = { nodeId, storeId, bootCount, recovery }
  return { state: { networkId, descriptor, placement, root, stores, secrets, keys, self }, record, head }
}

async function readPageRecord(store: RecordStore, address: BlockAddress, what: string): Promise<BlockRecord> {
  const where = `(family block, ${addressText(address)})`
  let bytes: Uint8Array | undefined
  try {
    bytes = await store.get('block', address)
  } catch (error) {
    if (!isCoded(error, 'data-corrupt')) throw error
    throw new CodedError('store-damaged', `the record of the ${what} ${where} is damaged`, { cause: error })
  }
  if (bytes === undefined) throw new CodedError('store-damaged', `the record of the ${what} ${where} is missing`)
  const record = decodeBlockRecord(address, bytes)
  if (record === undefined) throw new CodedError('store-damaged', `the record of the ${what} ${where} cannot be read`)
  return record
}

async function readSections(store: RecordStore, root: BlockAddress, networkId: Uint8Array): Promise<Sections> {
  const sections = new Map<string, { name: Uint8Array; section: RootSection }>()
  const before = prefixEnd(root)
  let after: Uint8Array = root
  for (;;) {
    const records = await store.scan('entry', { after, ...(before && { before }), limit: sectionsAtOnce })
    for (const { key, value } of records) {
      after = key
      const name = userKeyOf(key)
      const section = decodeRootSection(value)
      if (section === undefined) throw damaged(networkId, 'a section of its root cannot be read')
      sections.set(toHex(name), { name, section })
    }
    if (records.length < sectionsAtOnce) return sections
  }
}

/** The last change of the root was signed by a node of the network, and what it wrote is still what is there. */
function verifyLastBatch(crypto: Crypto, networkId: Uint8Array, root: BlockAddress, head: MapHead, sections: Sections): void {
  const batch = decodeSignedBatch(head.lastBatch)
  if (batch === undefined || !isGenuineBatch(crypto, networkId, batch) || !equalBytes(batch.destination, root)) {
    throw damaged(networkId, 'the signature of the last change of its root does not hold')
  }
  const written = new Map(batch.operations.map((operation) => [toHex(operation.keyDigest), operation.valueAddress]))
  for (const { name, section } of sections.values()) {
    if (!isOfBatch(section, batch)) continue
    const digest = written.get(toHex(crypto.sha256(name)))
    if (digest === undefined || !equalBytes(digest, sectionDigest(crypto, section.body))) {
      throw damaged(networkId, 'a section of its root is not what was signed')
    }
  }
}

function isOfBatch(section: RootSection, batch: SignedBatch): boolean {
  return section.sequence === batch.sequence && equalBytes(section.session, batch.session)
}

function verifyFeatureLevel(body: Uint8Array | undefined): void {
  const level = body && decodeFeatureLevel(body)
  if (level !== undefined && level <= featureLevel) return
  const found = level === undefined ? 'has no feature level that this version can read' : `needs feature level ${level}`
  throw new CodedError(
    'store-newer-format',
    `the network of this store ${found}; this version has ${featureLevel}. Use a newer memo`,
  )
}

function verifiedDescriptor(crypto: Crypto, networkId: Uint8Array, body: Uint8Array | undefined): DescriptorSection {
  const descriptor = body && decodeDescriptorSection(body)
  if (descriptor === undefined) throw damaged(networkId, 'its descriptor is missing or cannot be read')
  if (!isGenuineDescriptor(crypto, networkId, descriptor)) throw damaged(networkId, 'its descriptor is not genuine')
  return descriptor
}

function newestPlacement(networkId: Uint8Array, sections: Sections): PlacementMap {
  let newest: PlacementMap | undefined
  for (const { name, section } of withPrefix(sections, placementPrefix)) {
    const map = decodePlacement(section.body)
    if (map === undefined || !equalBytes(name, placementSection(map.epoch))) {
      throw damaged(networkId, 'its placement map cannot be read')
    }
    if (newest === undefined || map.epoch > newest.epoch) newest = map
  }
  if (newest === undefined) throw damaged(networkId, 'its placement map is missing')
  return newest
}

function openSecrets({ crypto, keys }: LoadingParts, networkId: Uint8Array, sections: Sections): readonly NetworkSecret[] {
  const secrets: NetworkSecret[] = []
  const { agreement } = keys.user
  for (const { name, section } of withPrefix(sections, keyRingPrefix)) {
    const epoch = Number(sectionSuffix(name, keyRingPrefix))
    const ring = decodeKeyRing(section.body)
    if (ring === undefined || !Number.isSafeInteger(epoch)) throw damaged(networkId, 'its key ring cannot be read')
    const own = ring.find((sealed) => equalBytes(sealed.member, agreement.publicKey))
    if (own === undefined) throw foreignKey('service-user')
    const key = openSealed(crypto, agreement, secretContext(networkId, epoch), own.sealed)
    if (key === undefined) throw damaged(networkId, 'a secret of its key ring does not open')
    secrets.push({ epoch, key })
  }
  if (secrets.length === 0) throw damaged(networkId, 'its key ring is missing')
  return secrets.sort((left, right) => left.epoch - right.epoch)
}

async function readStores(store: RecordStore, networkId: Uint8Array, sections: Sections): Promise<Map<string, BlockAddress>> {
  const stores = new Map<string, BlockAddress>()
  for (const { name, section } of withPrefix(sections, storePrefix)) {
    const page = decodeStoreRoot(section.body)
    const storeName = sectionSuffix(name, storePrefix)
    if (page === undefined || storeName === undefined) throw damaged(networkId, 'the page of a key-value store cannot be read')
    const { state } = await readPageRecord(store, page, 'page of a key-value store')
    if (state.kind !== 'map' || state.head.page !== 'key-value') throw damaged(networkId, 'a key-value store has no page')
    stores.set(storeName, page)
  }
  if (!stores.has('')) throw damaged(networkId, 'its default key-value store is missing')
  return stores
}

function bodyOf(sections: Sections, name: Uint8Array): Uint8Array | undefined {
  return sections.get(toHex(name))?.section.body
}

function withPrefix(sections: Sections, prefix: Uint8Array): readonly { name: Uint8Array; section: RootSection }[] {
  return [...sections.values()].filter(({ name }) => equalBytes(name.subarray(0, prefix.length), prefix))
}

function damaged(networkId: Uint8Array, what: string): CodedError {
  const message = `the root of the network ${toHex(networkId)} is damaged: ${what}. Restore the data directory from a backup`
  return new CodedError('store-damaged', message, { details: { networkId: toHex(networkId) } })
}

function foreignKey(name: 'node' | 'service-user'): CodedError {
  const message =
    `the ${name} key is not the one that this store was made with. Put back the file of the key from a backup of the data ` +
    `directory's folder keys, and start again; nothing was changed`
  return new CodedError('key-unavailable', message, { details: { key: name } })
}
