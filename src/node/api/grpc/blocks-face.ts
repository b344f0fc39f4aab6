import { CodedError } from '../../../shared/coded-error.ts'
import { addressBytes } from '../../core/base/address.ts'
import type { BlockService, BlockStat } from '../../engine/block/block-service.ts'
import type { ClusterService, ReplicaStatus } from '../../engine/cluster/cluster-service.ts'
import { addressOf, noSuchBlock } from './block-message.ts'
import type { Handlers } from './bridge.ts'
import { nodeStates } from './cluster-face.ts'
import type { Blocks } from './generated/memo/v1/blocks_pb.js'
import { BlockCipher, BlockCodec, BlockKind, ReplicaRole } from './generated/memo/v1/blocks_pb.js'
import type { StalenessLimits } from './key-value-message.ts'
import { ageFields, readContextOf } from './key-value-message.ts'

const kinds = {
  content: BlockKind.CONTENT,
  owner: BlockKind.OWNER,
  named: BlockKind.NAMED,
  map: BlockKind.MAP,
} as const satisfies Record<BlockStat['kind'], BlockKind>

const codecs = { none: BlockCodec.NONE, zstd: BlockCodec.ZSTD } as const satisfies Record<BlockStat['codec'], BlockCodec>

const ciphers = {
  none: BlockCipher.NONE,
  'aes-256-gcm': BlockCipher.AES_256_GCM,
  'sealed-to-owner': BlockCipher.SEALED_TO_OWNER,
} as const satisfies Record<BlockStat['cipher'], BlockCipher>

const roles = {
  primary: ReplicaRole.PRIMARY,
  member: ReplicaRole.MEMBER,
  learner: ReplicaRole.LEARNER,
} as const satisfies Record<ReplicaStatus['role'], ReplicaRole>

/** memo.v1.Blocks. */
export function blocksFace(
  blocks: BlockService,
  cluster: Pick<ClusterService, 'replicas'>,
  limits: StalenessLimits,
): Handlers<(typeof Blocks)['method']> {
  return {
    async stat(request, call) {
      const { address } = request
      const context = readContextOf(call, request, limits)
      if (address.length !== addressBytes) {
        throw new CodedError('invalid-argument', `address has ${address.length} bytes; it must have ${addressBytes}`)
      }
      const found = await blocks.stat(addressOf(address), context)
      const replicas = found && (await cluster.replicas(addressOf(address), context))
      // It may have been removed between the two.
      if (found === undefined || replicas === undefined) throw noSuchBlock()
      return {
        stat: {
          kind: kinds[found.kind],
          address: found.address,
          version: found.version,
          generation: found.generation,
          storedSize: BigInt(found.storedBytes),
          plainSize: BigInt(found.plainBytes),
          writer: found.writer,
          codec: codecs[found.codec],
          cipher: ciphers[found.cipher],
          verified: found.verified,
        },
        replicas: replicas.map(replicaMessage),
        ...ageFields(context, found.ageMs),
      }
    },
  }
}

function replicaMessage({ nodeId, storeId, role, state, heldIndex }: ReplicaStatus) {
  return {
    ...{ nodeId, storeId, role: roles[role], state: nodeStates[state] },
    ...(heldIndex !== undefined && { heldIndex: BigInt(heldIndex) }),
  }
}
