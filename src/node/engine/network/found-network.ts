import { assert } from '../../../shared/assert.ts'
import type { NetworkFoundation } from '../../core/access/network-descriptor.ts'
import { networkIdOf, networkSaltBytes, signTerms } from '../../core/access/network-descriptor.ts'
import { nodeIdOf } from '../../core/access/user-keys.ts'
import type { BlockAddress } from '../../core/base/address.ts'
import { emptyBytes } from '../../core/base/bytes.ts'
import { mapBlockAddress, mapSaltBytes, rootBlockAddress } from '../../core/block/map-block.ts'
import { sealTo } from '../../core/block/sealing.ts'
import { birthBallot } from '../../core/consensus/ballot.ts'
import type { BlockRecord, MapHead } from '../../core/consensus/block-record.ts'
import { bornGroup } from '../../core/consensus/group.ts'
import type { Proposer } from '../../core/consensus/prepare-alone.ts'
import { encodeBlockRecord } from '../../core/consensus/record-codec.ts'
import { emptyAdmission, noAdmission } from '../../core/overlay/admission-section.ts'
import type { DescriptorSection } from '../../core/overlay/descriptor-section.ts'
import { encodeDescriptorSection } from '../../core/overlay/descriptor-section.ts'
import type { PlaceDescription, PlacementMap } from '../../core/overlay/placement-map.ts'
import { defaultWeight, encodePlacement } from '../../core/overlay/placement-map.ts'
import {
  emptyPolicies,
  encodeFeatureLevel,
  encodeKeyRing,
  encodeStoreRoot,
  featureLevel,
} from '../../core/overlay/root-bodies.ts'
import { keyRingSection, placementSection, rootSectionNames, storeSection } from '../../core/overlay/root-section.ts'
import type { Crypto } from '../../ports/crypto.ts'
import type { Random } from '../../ports/random.ts'
import type { RecordStore, RecordWrite } from '../../ports/record-store.ts'
import { writeNetworkRecord } from './network-record.ts'
import type { NetworkState } from './network-state.ts'
import type { NodeKeys, UserKeys } from './node-keys.ts'
import type { SectionBatch } from './root-sections.ts'
import { batchSections } from './root-sections.ts'
import { secretContext } from './secret-context.ts'

const secretBytes = 32
const protocolVersion = 1
const firstEpoch = 1
const noDescription: PlaceDescription = { zone: '', labels: [] }

export interface FoundingParts {
  readonly crypto: Crypto
  readonly random: Random
  readonly store: RecordStore
  readonly keys: NodeKeys
  readonly networkName: string
  readonly description?: PlaceDescription | undefined
  readonly nowMs: number
  /** Gives the next HLC. */
  readonly stamp: () => bigint
}

/**
 * Makes the network of a node that has none, owned by its service user: descriptor, root with its sections, default store. All of it
 * is one store batch, so a crash leaves the whole of it or nothing.
 */
export async function foundNetwork(parts: FoundingParts): Promise<NetworkState> {
  const { crypto, random, store, keys, stamp, description: { zone, labels } = noDescription } = parts
  const { storeId, bootCount } = store.identity
  const self = { nodeId: nodeIdOf(crypto, keys.node.publicKey), storeId, bootCount, recovery: 0 }
  const descriptor = newDescriptor(parts, self.nodeId)
  const networkId = networkIdOf(crypto, descriptor.foundation)
  const root = rootBlockAddress(crypto, networkId)
  const generation = stamp()
  const place = { nodeId: self.nodeId, storeId, weight: defaultWeight, zone, labels }
  const placement: PlacementMap = { epoch: 1, places: [place] }
  const page = mapBlockAddress(crypto, keys.user.signing.publicKey, random.bytes(mapSaltBytes))
  const secret = { epoch: firstEpoch, key: random.bytes(secretBytes) }
  const sealed = sealSecret(parts, keys.user, networkId, secret.key)
  const bodies: readonly (readonly [Uint8Array, Uint8Array])[] = [
    [rootSectionNames.descriptor, encodeDescriptorSection(descriptor)],
    [placementSection(placement.epoch), encodePlacement(placement)],
    [rootSectionNames.policies, emptyPolicies()],
    [rootSectionNames.admission, emptyAdmission()],
    [keyRingSection(secret.epoch), encodeKeyRing([{ member: keys.user.agreement.publicKey, sealed }])],
    [storeSection(''), encodeStoreRoot(page)],
    [rootSectionNames.featureLevel, encodeFeatureLevel(featureLevel)],
  ]
  const changes = bodies.map(([name, body]) => ({ name, body, version: 0n }))
  const batch = batchSections({ crypto, random, keys, networkId, root, stamp }, changes)
  const writes: RecordWrite[] = [
    writeNetworkRecord({ networkId, recovery: 0 }),
    ...batch.writes,
    putBlock(mapRecord(root, generation, self, rootHead(batch, bodies.length))),
    putBlock(mapRecord(page, stamp(), self, emptyPageHead())),
  ]
  await store.commit(writes, { space: 'reserve' })
  const facts = {
    descriptor,
    maps: [placement],
    placement,
    admission: noAdmission,
    stores: new Map([['', page]]),
    secrets: [secret],
    recoveries: [],
  }
  const rootGroup = bornGroup([{ nodeId: self.nodeId, storeId: self.storeId }])
  return { ...facts, networkId, root, rootGroup, keys, self }
}

function newDescriptor(parts: FoundingParts, firstNode: Uint8Array): DescriptorSection {
  const { crypto, random, keys, networkName: name, nowMs: createdMs } = parts
  const owner = keys.user.signing.publicKey
  const foundation: NetworkFoundation = { name, founder: owner, createdMs, salt: random.bytes(networkSaltBytes), firstNode }
  const networkId = networkIdOf(crypto, foundation)
  const terms = { networkId, version: 1, owner, overlay: 'kouncil', administrators: [], protocolVersion } as const
  return { foundation, terms: [signTerms(keys.user.signing, terms)] }
}

function sealSecret({ crypto, random }: FoundingParts, user: UserKeys, networkId: Uint8Array, secret: Uint8Array): Uint8Array {
  const ephemeral = crypto.agreementKey(random.bytes(32))
  const sealed = sealTo(crypto, user.agreement.publicKey, ephemeral, secretContext(networkId, firstEpoch), secret)
  assert(sealed !== undefined, 'a key made here can be sealed to')
  return sealed
}

function mapRecord(address: BlockAddress, generation: bigint, self: Proposer, head: MapHead): BlockRecord {
  return {
    address,
    generation,
    group: bornGroup([{ nodeId: self.nodeId, storeId: self.storeId }]),
    promised: birthBallot(self, self.bootCount),
    committedIndex: 0n,
    version: 0n,
    outcomeFloor: 0n,
    outcomeCount: 0,
    state: { kind: 'map', head },
  }
}

function rootHead({ session, sequence, issued, revision, recordBytes, encoded }: SectionBatch, recordCount: number): MapHead {
  const origins = [{ session, sequence, issued }]
  const floors = { revisionFloor: revision, versionFloor: 0n, originFloor: 0n }
  return { page: 'root', recordCount, recordBytes, ...floors, origins, lastBatch: encoded }
}

function emptyPageHead(): MapHead {
  const floors = { revisionFloor: 0n, versionFloor: 0n, originFloor: 0n }
  return { page: 'key-value', recordCount: 0, recordBytes: 0, ...floors, origins: [], lastBatch: emptyBytes }
}

function putBlock(record: BlockRecord): RecordWrite {
  return { kind: 'put', family: 'block', key: record.address, value: encodeBlockRecord(record) }
}
