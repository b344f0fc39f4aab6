import { CodedError } from '../../../shared/coded-error.ts'
import type { BlockAddress } from '../../core/base/address.ts'
import { equalBytes, toHex } from '../../core/base/bytes.ts'
import { openSealed } from '../../core/block/sealing.ts'
import type { AdmissionSection } from '../../core/overlay/admission-section.ts'
import { decodeAdmission } from '../../core/overlay/admission-section.ts'
import type { DescriptorSection } from '../../core/overlay/descriptor-section.ts'
import { decodeDescriptorSection, isGenuineDescriptor } from '../../core/overlay/descriptor-section.ts'
import type { NamedSection } from '../../core/overlay/named-sections.ts'
import type { PlacementMap } from '../../core/overlay/placement-map.ts'
import { decodePlacement } from '../../core/overlay/placement-map.ts'
import type { RecoveryRecord } from '../../core/overlay/recovery-record.ts'
import { decodeRecoveryRecord, isGenuineRecovery, isWholeRecovery } from '../../core/overlay/recovery-record.ts'
import { decodeFeatureLevel, decodeKeyRing, decodeStoreRoot, featureLevel } from '../../core/overlay/root-bodies.ts'
import {
  keyRingPrefix,
  placementPrefix,
  placementSection,
  recoveryPrefix,
  recoverySection,
  rootSectionNames,
  sectionSuffix,
  storePrefix,
} from '../../core/overlay/root-section.ts'
import type { Crypto } from '../../ports/crypto.ts'
import type { NetworkSecret } from '../payload/network-secrets.ts'
import type { NodeKeys } from './node-keys.ts'
import { secretContext } from './secret-context.ts'

/** The sections of a root by name, as hex digits. */
export type Sections = ReadonlyMap<string, NamedSection>

/** What the sections of a root say, verified. */
export interface NetworkFacts {
  readonly descriptor: DescriptorSection
  /** The placement maps of the open epochs, oldest first; the last one holds. */
  readonly maps: readonly PlacementMap[]
  readonly placement: PlacementMap
  readonly admission: AdmissionSection
  /** Root pages of key-value stores by name; the default store has the empty name. */
  readonly stores: ReadonlyMap<string, BlockAddress>
  /** By epoch, ascending; the last one is for new blocks. */
  readonly secrets: readonly NetworkSecret[]
  /** Forced recoveries, ascending by number. */
  readonly recoveries: readonly RecoveryRecord[]
}

export interface FactParts {
  readonly crypto: Crypto
  readonly keys: NodeKeys
}

/** Throws CodedError `store-damaged`, `key-unavailable` or `store-newer-format`. */
export function networkFacts(parts: FactParts, networkId: Uint8Array, sections: Sections): NetworkFacts {
  verifyFeatureLevel(bodyOf(sections, rootSectionNames.featureLevel))
  const descriptor = verifiedDescriptor(parts.crypto, networkId, bodyOf(sections, rootSectionNames.descriptor))
  const maps = placementMaps(networkId, sections)
  const placement = maps.at(-1)
  if (placement === undefined) throw damaged(networkId, 'its placement map is missing')
  const admission = decodeAdmission(bodyOf(sections, rootSectionNames.admission) ?? noBytes)
  if (admission === undefined) throw damaged(networkId, 'its admission section cannot be read')
  const secrets = openSecrets(parts, networkId, sections)
  const recoveries = forcedRecoveries(parts.crypto, descriptor, sections)
  if (recoveries === undefined) throw damaged(networkId, 'its record of a forced recovery does not hold')
  return { descriptor, maps, placement, admission, stores: storePages(networkId, sections), secrets, recoveries }
}

const noBytes = new Uint8Array(0)

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

function placementMaps(networkId: Uint8Array, sections: Sections): readonly PlacementMap[] {
  const maps = withPrefix(sections, placementPrefix).map(({ name, section }) => {
    const map = decodePlacement(section.body)
    if (map === undefined || !equalBytes(name, placementSection(map.epoch))) {
      throw damaged(networkId, 'its placement map cannot be read')
    }
    return map
  })
  return maps.sort((left, right) => left.epoch - right.epoch)
}

/** What the sections say of forced recoveries; undefined unless each is what its name says and was signed by an administrator. */
export function forcedRecoveries(
  crypto: Crypto,
  descriptor: DescriptorSection,
  sections: Sections,
): readonly RecoveryRecord[] | undefined {
  const records: RecoveryRecord[] = []
  for (const { name, section } of withPrefix(sections, recoveryPrefix)) {
    const record = decodeRecoveryRecord(section.body)
    if (record === undefined || !equalBytes(name, recoverySection(record.proof.number))) return undefined
    if (!isWholeRecovery(crypto, record) || !isGenuineRecovery(crypto, descriptor, record.proof)) return undefined
    records.push(record)
  }
  return records.sort((left, right) => left.proof.number - right.proof.number)
}

function openSecrets({ crypto, keys }: FactParts, networkId: Uint8Array, sections: Sections): readonly NetworkSecret[] {
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

function storePages(networkId: Uint8Array, sections: Sections): ReadonlyMap<string, BlockAddress> {
  const stores = new Map<string, BlockAddress>()
  for (const { name, section } of withPrefix(sections, storePrefix)) {
    const page = decodeStoreRoot(section.body)
    const storeName = sectionSuffix(name, storePrefix)
    if (page === undefined || storeName === undefined) throw damaged(networkId, 'the page of a key-value store cannot be read')
    stores.set(storeName, page)
  }
  if (!stores.has('')) throw damaged(networkId, 'its default key-value store is missing')
  return stores
}

export function bodyOf(sections: Sections, name: Uint8Array): Uint8Array | undefined {
  return sections.get(toHex(name))?.section.body
}

function withPrefix(sections: Sections, prefix: Uint8Array): readonly NamedSection[] {
  return [...sections.values()].filter(({ name }) => equalBytes(name.subarray(0, prefix.length), prefix))
}

export function damaged(networkId: Uint8Array, what: string): CodedError {
  const message = `the root of the network ${toHex(networkId)} is damaged: ${what}. Restore the data directory from a backup`
  return new CodedError('store-damaged', message, { details: { networkId: toHex(networkId) } })
}

export function foreignKey(name: 'node' | 'service-user'): CodedError {
  const message =
    `the ${name} key is not the one that this store was made with. Put back the file of the key from a backup of the data ` +
    `directory's folder keys, and start again; nothing was changed`
  return new CodedError('key-unavailable', message, { details: { key: name } })
}
