import type { ChangeResult, ValueRange } from '../../../ipc/contract/key-schemas.ts'
import { wireLimits } from '../../../ipc/contract/wire-limits.ts'
import { assert } from '../../../shared/assert.ts'
import { CodedError } from '../../../shared/coded-error.ts'
import type { CallContext } from '../../engine/call-context.ts'
import type { ChangeResult as EngineResult, KeyValueService, Precondition, ValueRead } from '../../engine/kv/key-value-service.ts'
import { controlBase } from './control-base.ts'
import { listKeys, scanKeys } from './kv-pages.ts'
import { keyRow, requestIdOf } from './kv-text.ts'

export interface KvParts {
  /** The same service that gRPC serves, so that both faces have the same rules. */
  readonly keyValues: KeyValueService
}

/** The default store, in which all keys of a node are today. */
const store = ''

export function kvHandlers({ keyValues }: KvParts) {
  const { kv } = controlBase
  return {
    list: kv.list.handler(({ input, context }) => listKeys(keyValues, input, context.call)),
    scan: kv.scan.handler(({ input, context }) => scanKeys(keyValues, input, context.call)),
    stat: kv.stat.handler(async ({ input, context }) => {
      const found = await keyValues.stat(store, input.key, context.call)
      return found === undefined ? null : keyRow(found.metadata)
    }),
    read: kv.read.handler(({ input, context }) => readRange(keyValues, input, context.call)),
    put: kv.put.handler(async ({ input, context: { call } }) => {
      const { key, value, contentType, expect, requestId } = input
      const options = { precondition: preconditionOf(expect), contentType }
      const result = await keyValues.put(store, key, value, options, changeContext(call, requestId))
      return await changeResult(keyValues, key, result, call)
    }),
    delete: kv.delete.handler(async ({ input, context: { call } }) => {
      const { key, expect, requestId } = input
      const result = await keyValues.delete(store, key, preconditionOf(expect), changeContext(call, requestId))
      return await changeResult(keyValues, key, result, call)
    }),
  }
}

function preconditionOf(
  expect: { readonly kind: 'any' | 'absent' } | { readonly kind: 'version'; readonly version: string },
): Precondition {
  return expect.kind === 'version' ? { kind: 'version', version: BigInt(expect.version) } : expect
}

function changeContext(call: CallContext, requestId: Parameters<typeof requestIdOf>[0] | undefined): CallContext {
  return requestId === undefined ? call : { ...call, requestId: requestIdOf(requestId) }
}

interface RangeQuery {
  readonly key: string
  readonly version?: string | undefined
  readonly offset: number
  readonly length: number
}

async function readRange(keyValues: KeyValueService, asked: RangeQuery, call: CallContext): Promise<ValueRange | null> {
  const { key, version, offset, length } = asked
  const options = { range: { offset, length }, ...(version !== undefined && { version: BigInt(version) }) }
  const found = await keyValues.read(store, key, options, call)
  if (found === undefined) return null
  const bytes = await collected(found, Math.min(length, found.metadata.size - offset))
  return { metadata: keyRow(found.metadata), offset, bytes }
}

/** The pieces as one array of its own: nothing else travels with it. */
async function collected({ pieces }: ValueRead, length: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length)
  let filled = 0
  for await (const piece of pieces) {
    bytes.set(piece, filled)
    filled += piece.length
  }
  assert(filled === length, 'a read gives the range that was asked for')
  return bytes
}

/** A conflict tells what is there now, of one moment: version and, where it is small, value. */
async function changeResult(
  keyValues: KeyValueService,
  key: string,
  result: EngineResult,
  call: CallContext,
): Promise<ChangeResult> {
  if (result.kind === 'done') return { kind: 'done', metadata: keyRow(result.metadata) }
  if (result.current === undefined) return { kind: 'conflict' }
  try {
    const found = await keyValues.read(store, key, {}, call)
    if (found === undefined) return { kind: 'conflict' }
    const current = keyRow(found.metadata)
    if (current.size > wireLimits.conflictValueBytesMax) return { kind: 'conflict', current }
    return { kind: 'conflict', current, value: await collected(found, current.size) }
  } catch (error) {
    // The change was decided, whatever keeps the value from being read; who reads it hears of that.
    if (error instanceof CodedError) return { kind: 'conflict', current: keyRow(result.current) }
    throw error
  }
}
