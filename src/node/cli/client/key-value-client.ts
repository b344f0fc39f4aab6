import type { MessageInitShape } from '@bufbuild/protobuf'
import { CodedError, isCoded } from '../../../shared/coded-error.ts'
import type { PreconditionSchema } from '../../api/grpc/generated/memo/v1/call_pb.js'
import { KeyState } from '../../api/grpc/generated/memo/v1/call_pb.js'
import type {
  BatchResult,
  KeyMetadata,
  ListRequestSchema,
  ListResponse,
  PutStreamRequestSchema,
} from '../../api/grpc/generated/memo/v1/key_value_pb.js'
import { KeyValue } from '../../api/grpc/generated/memo/v1/key_value_pb.js'
import type { CallControl, GrpcConnection } from './grpc-connection.ts'
import type { ConsistencyFields } from './read-consistency.ts'
import type { RequestIdFields } from './request-ids.ts'

export type { BatchResult, KeyMetadata } from '../../api/grpc/generated/memo/v1/key_value_pb.js'

export type PutCondition = 'any' | 'absent' | 'present' | { readonly version: bigint }

export interface PutFacts {
  readonly condition?: PutCondition
  readonly contentType?: string
  /** Bytes of a streamed value, where they are known beforehand. */
  readonly size?: number
}

export interface StoredKey {
  readonly metadata: KeyMetadata
  /** How old this may be; absent where the node does not say. */
  readonly ageMs?: bigint | undefined
}

export interface StoredValue extends StoredKey {
  /** To be read once, or left by the iterator's `return`: until then the call is open. */
  readonly pieces: AsyncIterable<Uint8Array>
}

export interface SmallPut {
  readonly key: string
  readonly value: Uint8Array
  readonly contentType: string
}

/** A key-value store at the other end of a connection. A missing key is undefined where it is an expected answer. */
export interface KeyValueClient {
  get(
    key: string,
    range: { readonly offset: bigint; readonly length?: bigint } | undefined,
    control?: CallControl,
    consistency?: ConsistencyFields,
  ): Promise<StoredValue>
  stat(key: string, control?: CallControl, consistency?: ConsistencyFields): Promise<StoredKey | undefined>
  put(key: string, value: Uint8Array, facts: PutFacts, control?: CallControl): Promise<KeyMetadata>
  putStream(key: string, pieces: AsyncIterable<Uint8Array>, facts: PutFacts, control?: CallControl): Promise<KeyMetadata>
  remove(key: string, condition: PutCondition, control?: CallControl): Promise<KeyMetadata>
  list(
    query: Omit<MessageInitShape<typeof ListRequestSchema>, 'store' | '$typeName'>,
    control?: CallControl,
  ): Promise<ListResponse>
  /** Puts without preconditions, each with its own outcome in order. */
  putMany(puts: readonly SmallPut[], control?: CallControl, requestId?: RequestIdFields): Promise<readonly BatchResult[]>
}

const pieceBytesMax = 256 * 1024

export function keyValueClient(connection: GrpcConnection, store: string): KeyValueClient {
  return {
    get: (key, range, control, consistency) =>
      openValue(connection, { store, key, ...consistency, ...(range !== undefined && { range }) }, control),
    async stat(key, control, consistency) {
      try {
        const { metadata, ageMs } = await connection.unary(KeyValue.method.stat, { store, key, ...consistency }, control)
        return { metadata: required(metadata), ageMs }
      } catch (error) {
        if (isCoded(error, 'key-not-found')) return undefined
        throw error
      }
    },
    async put(key, value, { condition, contentType = '' }, control) {
      const request = { store, key, value, contentType, ...precondition(condition) }
      return required((await connection.unary(KeyValue.method.put, request, control)).metadata)
    },
    async putStream(key, pieces, facts, control) {
      const answer = await connection.upload(KeyValue.method.putStream, putParts(store, key, pieces, facts), control)
      return required(answer.metadata)
    },
    async remove(key, condition, control) {
      return required(
        (await connection.unary(KeyValue.method.delete, { store, key, ...precondition(condition) }, control)).metadata,
      )
    },
    list: (query, control) => connection.unary(KeyValue.method.list, { store, ...query }, control),
    async putMany(puts, control, requestId) {
      const operations = puts.map((value) => ({ operation: { case: 'put' as const, value } }))
      return (await connection.unary(KeyValue.method.batch, { store, operations, ...(requestId && { requestId }) }, control))
        .results
    },
  }
}

function precondition(condition: PutCondition = 'any'): { readonly precondition?: MessageInitShape<typeof PreconditionSchema> } {
  if (condition === 'any') return {}
  if (typeof condition === 'object') return { precondition: { condition: { case: 'version', value: condition.version } } }
  return { precondition: { condition: { case: 'state', value: condition === 'absent' ? KeyState.ABSENT : KeyState.PRESENT } } }
}

async function* putParts(
  store: string,
  key: string,
  pieces: AsyncIterable<Uint8Array>,
  { condition, contentType = '', size }: PutFacts,
): AsyncIterable<MessageInitShape<typeof PutStreamRequestSchema>> {
  const header = { store, key, contentType, ...precondition(condition), ...(size !== undefined && { size: BigInt(size) }) }
  yield { part: { case: 'header', value: header } }
  let sent = 0n
  for await (const piece of pieces) {
    for (let offset = 0; offset < piece.length; offset += pieceBytesMax) {
      yield { part: { case: 'chunk', value: piece.subarray(offset, offset + pieceBytesMax) } }
    }
    sent += BigInt(piece.length)
  }
  yield { part: { case: 'finish', value: { size: sent } } }
}

async function openValue(
  connection: GrpcConnection,
  request: ConsistencyFields & {
    readonly store: string
    readonly key: string
    readonly range?: { readonly offset: bigint; readonly length?: bigint }
  },
  control: CallControl | undefined,
): Promise<StoredValue> {
  const parts = connection.download(KeyValue.method.getStream, request, control)[Symbol.asyncIterator]()
  const first = await parts.next()
  if (first.done === true || first.value.part.case !== 'metadata')
    throw new CodedError('internal', 'the node sent a value without its header')
  // No generator: one that nobody began would not end the call when it is left.
  const pieces: AsyncIterator<Uint8Array, undefined> = {
    async next() {
      for (let next = await parts.next(); next.done !== true; next = await parts.next()) {
        if (next.value.part.case === 'chunk') return { done: false, value: next.value.part.value }
      }
      return { done: true, value: undefined }
    },
    async return() {
      await parts.return?.()
      return { done: true, value: undefined }
    },
  }
  const { part, ageMs } = first.value
  return { metadata: part.value, ageMs, pieces: { [Symbol.asyncIterator]: () => pieces } }
}

function required(metadata: KeyMetadata | undefined): KeyMetadata {
  if (metadata === undefined) throw new CodedError('internal', 'the node answered without metadata')
  return metadata
}
