import type { MessageInitShape } from '@bufbuild/protobuf'
import { CodedError } from '../../../shared/coded-error.ts'
import type { CallContext } from '../../engine/call-context.ts'
import type {
  ChangeResult,
  BatchOperation as EngineOperation,
  KeyMetadata,
  KeyValueService,
  ListQuery,
} from '../../engine/kv/key-value-service.ts'
import type { Call, Handlers } from './bridge.ts'
import type {
  BatchOperation,
  BatchResultSchema,
  GetStreamRequest,
  GetStreamResponseSchema,
  KeyValue,
  ListRequest,
  PutStreamRequest,
} from './generated/memo/v1/key_value_pb.js'
import type { StalenessLimits } from './key-value-message.ts'
import {
  ageFields,
  checkConsistency,
  conflictError,
  contextOf,
  metadataMessage,
  noSuchKey,
  preconditionOf,
  readContextOf,
  readOptionsOf,
} from './key-value-message.ts'

type KeyValueHandlers = Handlers<(typeof KeyValue)['method']>

export interface KeyValueFaceLimits extends StalenessLimits {
  readonly nativeListKeysMax: number
  readonly nativeListBytesMax: number
  readonly streamValueBytesMax: number
}

/** memo.v1.KeyValue. */
export function keyValueFace(keyValues: KeyValueService, limits: KeyValueFaceLimits): KeyValueHandlers {
  return {
    ...readHandlers(keyValues, limits),
    async put({ store, key, value, precondition, requestId, contentType, consistency }, call) {
      checkConsistency(consistency)
      const options = { precondition: preconditionOf(precondition), contentType }
      return changed(await keyValues.put(store, key, value, options, contextOf(call, requestId)))
    },
    async delete(request, call) {
      checkConsistency(request.consistency)
      const precondition = preconditionOf(request.precondition)
      const context = contextOf(call, request.requestId)
      const result = await keyValues.delete(request.store, request.key, precondition, context)
      if (result.kind === 'conflict' && result.current === undefined && precondition.kind === 'any') throw noSuchKey(request.key)
      return changed(result)
    },
    async batch({ store, operations, requestId, consistency }, call) {
      checkConsistency(consistency)
      const results = await keyValues.batch(store, operations.map(operationOf), contextOf(call, requestId))
      return { results: results.map(resultMessage) }
    },
    putStream: (requests, call) => putStream(keyValues, requests, limits.streamValueBytesMax, call),
  }
}

function readHandlers(
  keyValues: KeyValueService,
  limits: KeyValueFaceLimits,
): Pick<KeyValueHandlers, 'get' | 'stat' | 'list' | 'getStream'> {
  return {
    async get(request, call) {
      const { store, key, range, version } = request
      const context = readContextOf(call, request, limits)
      const found = await keyValues.get(store, key, readOptionsOf(range, version), context)
      if (found === undefined) throw noSuchKey(key)
      return { metadata: metadataMessage(found.metadata), value: found.value, ...ageFields(context, found.ageMs) }
    },
    async stat(request, call) {
      const context = readContextOf(call, request, limits)
      const found = await keyValues.stat(request.store, request.key, context)
      if (found === undefined) throw noSuchKey(request.key)
      return { metadata: metadataMessage(found.metadata), ...ageFields(context, found.ageMs) }
    },
    async list(request, call) {
      const context = readContextOf(call, request, limits)
      const page = await keyValues.list(request.store, queryOf(request, limits), context)
      const items = page.items.map(({ metadata, value }) => ({
        metadata: metadataMessage(metadata),
        ...(value !== undefined && { value }),
      }))
      const commonPrefixes = [...page.commonPrefixes]
      const { nextPageToken, damage } = page
      const lacks = damage && { unreadable: [...damage.unreadable], incomplete: damage.incomplete }
      const further = nextPageToken !== undefined && { nextPageToken }
      return { items, commonPrefixes, ...further, ...lacks, ...ageFields(context, page.ageMs) }
    },
    getStream: (request, call) => getStream(keyValues, request, readContextOf(call, request, limits)),
  }
}

function changed(result: ChangeResult): { readonly metadata: ReturnType<typeof metadataMessage> } {
  if (result.kind === 'conflict') throw conflictError(result.current)
  return { metadata: metadataMessage(result.metadata) }
}

function queryOf(request: ListRequest, limits: KeyValueFaceLimits): ListQuery {
  const { prefix, startAfter, end, delimiter, limit, reverse, withValues, pageToken } = request
  return {
    prefix,
    delimiter,
    limit: limit === 0 ? limits.nativeListKeysMax : Math.min(limit, limits.nativeListKeysMax),
    bytesMax: limits.nativeListBytesMax,
    reverse,
    withValues,
    ...(startAfter !== '' && { startAfter }),
    ...(end !== '' && { end }),
    ...(pageToken.length > 0 && { pageToken }),
  }
}

function operationOf({ operation }: BatchOperation, index: number): EngineOperation {
  const precondition = preconditionOf(operation.value?.precondition)
  if (operation.case === 'put') {
    const { key, value, contentType } = operation.value
    return { kind: 'put', key, value, options: { precondition, contentType } }
  }
  if (operation.case === 'delete') return { kind: 'delete', key: operation.value.key, precondition }
  throw new CodedError('invalid-argument', `operations[${index}] is neither a put nor a delete`)
}

/** Without the keys, which the caller has in the same order: 10 000 results fit a message of 4 MiB. */
function resultMessage(result: ChangeResult): MessageInitShape<typeof BatchResultSchema> {
  if (result.kind === 'done') return { outcome: { case: 'done', value: withoutKey(result.metadata) } }
  const current = result.current === undefined ? {} : { current: withoutKey(result.current) }
  return { outcome: { case: 'conflict', value: current } }
}

function withoutKey(metadata: KeyMetadata): ReturnType<typeof metadataMessage> {
  return metadataMessage({ ...metadata, key: '' })
}

async function putStream(
  keyValues: KeyValueService,
  requests: AsyncGenerator<PutStreamRequest>,
  sizeMax: number,
  call: Call,
): Promise<{ readonly metadata: ReturnType<typeof metadataMessage> }> {
  const first = await requests.next()
  call.signal.throwIfAborted()
  const header = first.done === true || first.value.part.case !== 'header' ? undefined : first.value.part.value
  if (header === undefined) throw new CodedError('invalid-argument', 'the first message of PutStream must be its header')
  checkConsistency(header.consistency)
  if (header.size !== undefined && header.size > sizeMax) {
    throw new CodedError('limit-exceeded', `a value has at most ${sizeMax} bytes; nothing was changed`)
  }
  const options = { precondition: preconditionOf(header.precondition), contentType: header.contentType }
  const context = contextOf(call, header.requestId)
  return changed(await keyValues.putStream(header.store, header.key, chunksOf(requests, header.size), options, context))
}

/**
 * The bytes between header and finish. A stream that just ends may have been broken off by its sender, so an end counts only with
 * the size that was announced or is confirmed.
 */
async function* chunksOf(requests: AsyncGenerator<PutStreamRequest>, announced: bigint | undefined): AsyncGenerator<Uint8Array> {
  let received = 0n
  let confirmed = announced
  let finished = false
  for await (const { part } of requests) {
    if (finished) throw new CodedError('invalid-argument', 'nothing may follow the finish of PutStream; nothing was changed')
    if (part.case === 'finish') {
      confirmed ??= part.value.size
      finished = true
      if (part.value.size !== received) throw sizeFault(part.value.size, received)
      continue
    }
    if (part.case !== 'chunk') throw new CodedError('invalid-argument', 'after its header PutStream takes chunks, then finish')
    received += BigInt(part.value.length)
    if (announced !== undefined && received > announced) throw sizeFault(announced, received)
    if (part.value.length > 0) yield part.value
  }
  if (confirmed === undefined) {
    throw new CodedError('invalid-argument', 'PutStream ended without finish and its header gave no size; nothing was changed')
  }
  if (confirmed !== received) throw sizeFault(confirmed, received)
}

function sizeFault(expected: bigint, received: bigint): CodedError {
  return new CodedError('invalid-argument', `the value should have ${expected} bytes, ${received} came; nothing was changed`)
}

async function* getStream(
  keyValues: KeyValueService,
  request: GetStreamRequest,
  call: CallContext,
): AsyncGenerator<MessageInitShape<typeof GetStreamResponseSchema>> {
  const { store, key, range, version } = request
  const read = await keyValues.read(store, key, readOptionsOf(range, version), call)
  if (read === undefined) throw noSuchKey(key)
  yield { part: { case: 'metadata', value: metadataMessage(read.metadata) }, ...ageFields(call, read.ageMs) }
  for await (const piece of read.pieces) yield { part: { case: 'chunk', value: piece } }
}
