import type { MessageShape } from '@bufbuild/protobuf'
import { CodedError } from '../../../shared/coded-error.ts'
import { BlockCipher, BlockCodec, BlockKind, Blocks, ReplicaRole } from '../../api/grpc/generated/memo/v1/blocks_pb.js'
import type { BlockSchema } from '../../api/grpc/generated/memo/vs/memo_vs_pb.js'
import { ValueStore } from '../../api/grpc/generated/memo/vs/memo_vs_pb.js'
import type { BlockAddress } from '../../core/base/address.ts'
import { addressText, isImmutable, parseAddress } from '../../core/base/address.ts'
import { toHex } from '../../core/base/bytes.ts'
import { defaultLimits } from '../../core/base/limits.ts'
import type { CliIo } from '../cli-io.ts'
import type { CallControl, GrpcConnection } from '../client/grpc-connection.ts'
import type { ReadFlags } from '../client/read-consistency.ts'
import { ageJson, consistencyFields } from '../client/read-consistency.ts'
import type { RemoteFlags } from '../client/remote-command.ts'
import { withConnection } from '../client/remote-command.ts'
import { byteText } from '../transfer/transfer-report.ts'
import { outputFile } from '../transfer/whole-file.ts'
import type { ValueInput } from '../value-input.ts'
import { readValueInput } from '../value-input.ts'
import { ageText } from './metadata-text.ts'
import { nodeStateWord } from './node-state-word.ts'
import { textTable } from './text-table.ts'

type Block = MessageShape<typeof BlockSchema>

export interface BlockGetFlags extends RemoteFlags {
  readonly output?: string
}

export interface BlockPutFlags extends RemoteFlags {
  readonly kind: string
  readonly name?: string
  readonly file?: string
}

export interface BlockUpdateFlags extends RemoteFlags {
  readonly file?: string
  readonly ifVersion?: bigint
}

const kindOfType: Readonly<Record<string, string>> = { CHB: 'content', OKB: 'owner', NB: 'named' }
export const blockKinds = ['content', 'owner', 'named'] as const

export function blockGet(text: string, flags: BlockGetFlags, io: CliIo): Promise<void> {
  const address = blockAddress(text)
  return withConnection(flags, io, async ({ connection, output }) => {
    await using file = await outputFile(flags.output)
    const block = await fetchBlock(connection, address, { signal: io.signal })
    const data = payloadOf(block)
    await file?.write(data)
    await file?.commit()
    if (output.json) await output.result('', { ...blockJson(block), ...(file === undefined && { data: base64(data) }) })
    else if (file === undefined) await output.bytes(data)
  })
}

export function blockPut(text: string | undefined, flags: BlockPutFlags, io: CliIo): Promise<void> {
  const kind = blockKinds.find((each) => each === flags.kind)
  if (kind === undefined) throw new CodedError('invalid-argument', `--kind "${flags.kind}" is none of ${blockKinds.join(', ')}`)
  if ((kind === 'named') !== (flags.name !== undefined)) {
    throw new CodedError('invalid-argument', 'a named block needs --name NAME, and only a named block has one')
  }
  return withConnection(flags, io, async ({ connection, output }) => {
    const data = await wholeValue(await readValueInput(text, flags.file, io))
    const control = { signal: io.signal }
    const block = await draftOf(connection, kind, flags.name ?? '', data, control)
    await connection.unary(ValueStore.method.insert, { block }, control)
    const address = toHex(block.address)
    await output.result(address, { kind, address, version: '0', size: data.length })
  })
}

async function draftOf(
  connection: GrpcConnection,
  kind: (typeof blockKinds)[number],
  name: string,
  data: Uint8Array,
  control: CallControl,
): Promise<Block> {
  switch (kind) {
    case 'content':
      return await connection.unary(ValueStore.method.makeImmutableBlock, { data }, control)
    case 'owner': {
      const block = await connection.unary(ValueStore.method.makeMutableBlock, {}, control)
      return { ...block, payload: { case: 'dataPlain', value: data } }
    }
    case 'named': {
      const block = await connection.unary(ValueStore.method.makeNamedBlock, { key: Buffer.from(name) }, control)
      return { ...block, payload: { case: 'data', value: data } }
    }
  }
}

export function blockUpdate(text: string, value: string | undefined, flags: BlockUpdateFlags, io: CliIo): Promise<void> {
  const address = blockAddress(text)
  if (isImmutable(address))
    throw new CodedError('invalid-argument', 'this is the address of a content block, which never changes')
  return withConnection(flags, io, async ({ connection, output }) => {
    const data = await wholeValue(await readValueInput(value, flags.file, io))
    const control = { signal: io.signal }
    const block = await fetchBlock(connection, address, control)
    if (flags.ifVersion !== undefined && block.version !== flags.ifVersion) {
      throw new CodedError(
        'version-conflict',
        `the block has version ${block.version}, not ${flags.ifVersion}; nothing was changed`,
      )
    }
    const changed: Block = { ...block, payload: { case: block.type === 'OKB' ? 'dataPlain' : 'data', value: data } }
    const { current } = await connection.unary(ValueStore.method.update, { block: changed }, control)
    if (current !== undefined) {
      throw new CodedError('version-conflict', `somebody else wrote version ${current.version} meanwhile; nothing was changed`)
    }
    const stored = await fetchBlock(connection, address, control)
    await output.result(`${addressText(address)}: version ${stored.version}, ${byteText(data.length)}`, blockJson(stored))
  })
}

export function blockRemove(text: string, flags: RemoteFlags, io: CliIo): Promise<void> {
  const address = blockAddress(text)
  return withConnection(flags, io, async ({ connection, output }) => {
    await connection.unary(ValueStore.method.delete, { address }, { signal: io.signal })
    await output.result(`removed ${addressText(address)}`, { address: addressText(address), removed: true })
  })
}

export function blockStat(text: string, flags: RemoteFlags & ReadFlags, io: CliIo): Promise<void> {
  const address = blockAddress(text)
  const asked = consistencyFields(flags)
  return withConnection(flags, io, async ({ connection, output }) => {
    const { stat, replicas, ageMs } = await connection.unary(Blocks.method.stat, { address, ...asked }, { signal: io.signal })
    if (stat === undefined) throw new CodedError('internal', 'the node answered without facts')
    const facts = {
      kind: enumWord(BlockKind, stat.kind),
      address: toHex(stat.address),
      version: String(stat.version),
      generation: String(stat.generation),
      size: Number(stat.plainSize),
      storedSize: Number(stat.storedSize),
      codec: enumWord(BlockCodec, stat.codec),
      cipher: enumWord(BlockCipher, stat.cipher),
      writer: toHex(stat.writer),
      verified: stat.verified,
    }
    const age = ageJson(asked, ageMs)
    const lines = Object.entries(facts).map(([name, value]) => `${name.padEnd(11)} ${value}`)
    if (age.ageMs !== undefined) lines.push(`age         ${ageText(age.ageMs)}`)
    const held = replicas.map((replica) => ({
      nodeId: toHex(replica.nodeId),
      storeId: toHex(replica.storeId),
      role: enumWord(ReplicaRole, replica.role),
      state: nodeStateWord(replica.state),
      heldIndex: replica.heldIndex === undefined ? null : String(replica.heldIndex),
    }))
    const rows = held.map(({ nodeId, role, state, heldIndex }) => [nodeId.slice(0, 12), role, state, heldIndex ?? '-'])
    const text = [...lines, '', textTable([['REPLICA', 'ROLE', 'STATE', 'HELD'], ...rows])].join('\n')
    await output.result(text, { ...facts, ...age, replicas: held })
  })
}

async function fetchBlock(connection: GrpcConnection, address: BlockAddress, control: CallControl): Promise<Block> {
  const { block } = await connection.unary(ValueStore.method.fetch, { address, decryptData: true }, control)
  if (block === undefined) throw new CodedError('internal', 'the node answered without a block')
  return block
}

function blockJson(block: Block) {
  return {
    kind: kindOfType[block.type] ?? block.type,
    address: toHex(block.address),
    version: String(block.version),
    generation: String(block.generation),
    size: payloadOf(block).length,
    writer: toHex(block.ownerKey),
    ...(block.name.length > 0 && { name: Buffer.from(block.name).toString('utf8') }),
  }
}

function payloadOf(block: Block): Uint8Array {
  return block.payload.value ?? new Uint8Array(0)
}

function blockAddress(text: string): BlockAddress {
  const address = parseAddress(text)
  if (address === undefined) throw new CodedError('invalid-argument', `"${text}" is not a block address: 64 hex digits`)
  return address
}

/** Blocks travel in one message. */
async function wholeValue(input: ValueInput): Promise<Uint8Array> {
  if (input.kind === 'whole') return input.bytes
  const parts: Uint8Array[] = []
  let size = 0
  for await (const piece of input.pieces) {
    parts.push(piece)
    size += piece.length
    if (size > defaultLimits.blockPayloadBytesMax) {
      throw new CodedError(
        'limit-exceeded',
        `a block holds at most ${byteText(defaultLimits.blockPayloadBytesMax)}; use "memo kv put" for larger values`,
      )
    }
  }
  return Buffer.concat(parts)
}

/** BLOCK_CIPHER_AES_256_GCM is 'aes-256-gcm' to people. */
function enumWord(names: Readonly<Record<number, string>>, value: number): string {
  return (names[value] ?? 'unknown').toLowerCase().replaceAll('_', '-')
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64')
}
