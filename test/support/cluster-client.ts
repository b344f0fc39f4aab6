import { setTimeout as sleep } from 'node:timers/promises'
import { KeyState } from '../../src/node/api/grpc/generated/memo/v1/call_pb.js'
import type { KeyMetadata } from '../../src/node/api/grpc/generated/memo/v1/key_value_pb.js'
import { KeyValue } from '../../src/node/api/grpc/generated/memo/v1/key_value_pb.js'
import type { GrpcConnection } from '../../src/node/cli/client/grpc-connection.ts'
import { connect } from '../../src/node/cli/client/grpc-connection.ts'
import type { RequestIdFields } from '../../src/node/cli/client/request-ids.ts'
import { RequestIds } from '../../src/node/cli/client/request-ids.ts'
import { parseHostPort } from '../../src/node/config/host-port.ts'
import type { ErrorCode } from '../../src/shared/coded-error.ts'
import { CodedError } from '../../src/shared/coded-error.ts'
import type { History } from '../sim/history.ts'
import type { Demand, KeyAnswer, KeyCall } from '../sim/key-model.ts'

export type KeyHistory = History<KeyCall, KeyAnswer>
type Change = Exclude<KeyCall, { kind: 'read' }>
type Told =
  | { readonly kind: 'answer'; readonly answer: KeyAnswer }
  | { readonly kind: 'refused' | 'unsure'; readonly code: ErrorCode }

export interface ClusterClientOptions {
  /** HOST:PORT of each node; the first one is asked until it fails. */
  readonly addresses: readonly string[]
  readonly history: KeyHistory
  /** How long one operation is tried in all, and how long one node may take. */
  readonly patienceMs?: number
  readonly tryMs?: number
}

/** Codes of a try that certainly changed nothing, and of one that may have: both are worth another one. */
const unchangedCodes: ReadonlySet<ErrorCode> = new Set(['unavailable', 'not-running'])
const unsureCodes: ReadonlySet<ErrorCode> = new Set(['outcome-unknown', 'deadline-exceeded'])

/**
 * A program that uses a cluster as the documents say: it talks to one node, goes to another where that fails, and keeps the id of
 * a change that it sends again. Everything that it asked and was told is in the history.
 */
export class ClusterClient implements Disposable {
  readonly #options: Required<ClusterClientOptions>
  readonly #connections: readonly GrpcConnection[]
  readonly #ids = new RequestIds()
  #at = 0
  /** Tries that were refused or not answered. */
  failedTries = 0
  /** What ended the operations that were given up. */
  readonly givenUp: ErrorCode[] = []

  constructor(options: ClusterClientOptions) {
    this.#options = { patienceMs: 10_000, tryMs: 4000, ...options }
    this.#connections = options.addresses.map((address) => {
      const parsed = parseHostPort(address)
      if (parsed === undefined) throw new Error(`${address} is no address`)
      return connect({ address: parsed, token: undefined, tls: undefined, timeoutMs: this.#options.patienceMs })
    })
  }

  [Symbol.dispose](): void {
    for (const connection of this.#connections) connection[Symbol.dispose]()
  }

  /** The answer, or what the client gave up with. */
  async read(key: string): Promise<KeyAnswer | ErrorCode> {
    const open = this.#options.history.begin(key, { kind: 'read' })
    const told = await this.#insist((connection, signal) => get(connection, key, signal))
    if (told.kind === 'answer') open.answered(told.answer)
    else open.void()
    return told.kind === 'answer' ? told.answer : told.code
  }

  async change(key: string, call: Change): Promise<KeyAnswer | ErrorCode> {
    const open = this.#options.history.begin(key, call)
    const requestId = this.#ids.next()
    const told = await this.#insist((connection, signal) => send(connection, key, call, requestId, signal))
    if (told.kind === 'answer') open.answered(told.answer)
    else if (told.kind === 'refused') open.void()
    return told.kind === 'answer' ? told.answer : told.code
  }

  async put(key: string, value: string, demand: Demand = { kind: 'any' }): Promise<KeyAnswer | ErrorCode> {
    return await this.change(key, { kind: 'put', value, demand })
  }

  async #insist(action: (connection: GrpcConnection, signal: AbortSignal) => Promise<KeyAnswer>): Promise<Told> {
    const { patienceMs, tryMs } = this.#options
    const endMs = Date.now() + patienceMs
    let unsure = false
    for (let pauseMs = 20; ; pauseMs = Math.min(pauseMs * 2, 250)) {
      const connection = this.#connections[this.#at % this.#connections.length]
      if (connection === undefined) throw new Error('a client has a node to ask')
      const timeoutMs = Math.max(1, Math.min(tryMs, endMs - Date.now()))
      try {
        return { kind: 'answer', answer: await action(connection, AbortSignal.timeout(timeoutMs)) }
      } catch (error) {
        const code = retriedCode(error)
        this.failedTries += 1
        this.#at += 1
        unsure ||= unsureCodes.has(code)
        if (Date.now() >= endMs) {
          this.givenUp.push(code)
          return { kind: unsure ? 'unsure' : 'refused', code }
        }
        await sleep(pauseMs)
      }
    }
  }
}

/** Throws what no other try would mend. */
function retriedCode(error: unknown): ErrorCode {
  if (error instanceof DOMException && error.name === 'TimeoutError') return 'deadline-exceeded'
  if (!(error instanceof CodedError)) throw error
  // A try that was cut short by its own time.
  if (error.code === 'cancelled') return 'deadline-exceeded'
  if (unchangedCodes.has(error.code) || unsureCodes.has(error.code)) return error.code
  throw error
}

async function get(connection: GrpcConnection, key: string, signal: AbortSignal): Promise<KeyAnswer> {
  try {
    const { metadata, value } = await connection.unary(KeyValue.method.get, { key }, { signal })
    return { kind: 'found', version: versionOf(metadata), value: new TextDecoder().decode(value) }
  } catch (error) {
    if (error instanceof CodedError && error.code === 'key-not-found') return { kind: 'absent' }
    throw error
  }
}

async function send(
  connection: GrpcConnection,
  key: string,
  call: Change,
  requestId: RequestIdFields,
  signal: AbortSignal,
): Promise<KeyAnswer> {
  const asked = { key, requestId, ...preconditionOf(call.demand) }
  try {
    const { metadata } =
      call.kind === 'delete'
        ? await connection.unary(KeyValue.method.delete, asked, { signal })
        : await connection.unary(KeyValue.method.put, { ...asked, value: new TextEncoder().encode(call.value) }, { signal })
    return { kind: 'done', version: versionOf(metadata) }
  } catch (error) {
    if (!(error instanceof CodedError)) throw error
    if (error.code === 'key-not-found') return { kind: 'conflict', version: undefined }
    if (error.code !== 'version-conflict') throw error
    const { currentVersion } = error.details
    return { kind: 'conflict', version: typeof currentVersion === 'bigint' ? currentVersion : undefined }
  }
}

function preconditionOf(demand: Demand) {
  if (demand.kind === 'any') return {}
  if (demand.kind === 'version') return { precondition: { condition: { case: 'version' as const, value: demand.version } } }
  const value = demand.kind === 'absent' ? KeyState.ABSENT : KeyState.PRESENT
  return { precondition: { condition: { case: 'state' as const, value } } }
}

function versionOf(metadata: KeyMetadata | undefined): bigint {
  if (metadata === undefined) throw new Error('an answer has metadata')
  return metadata.version
}
