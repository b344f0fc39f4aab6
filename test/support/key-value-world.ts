import { MemoryDisk } from '../../src/node/adapters/memory-store/memory-disk.ts'
import type { MemoryStore } from '../../src/node/adapters/memory-store/memory-store.ts'
import { openMemoryStore } from '../../src/node/adapters/memory-store/memory-store.ts'
import { NodeCrypto } from '../../src/node/adapters/node-crypto/node-crypto.ts'
import { SystemRandom } from '../../src/node/adapters/system-random/system-random.ts'
import { ZstdCompressor } from '../../src/node/adapters/zstd-compressor/zstd-compressor.ts'
import { composeCopies } from '../../src/node/compose-copies.ts'
import type { BlockAddress } from '../../src/node/core/base/address.ts'
import { addressFromDigest } from '../../src/node/core/base/address.ts'
import { emptyBytes } from '../../src/node/core/base/bytes.ts'
import type { Limits } from '../../src/node/core/base/limits.ts'
import { defaultLimits } from '../../src/node/core/base/limits.ts'
import type { RequestId } from '../../src/node/core/base/request-id.ts'
import { birthBallot } from '../../src/node/core/consensus/ballot.ts'
import type { BlockRecord } from '../../src/node/core/consensus/block-record.ts'
import { bornGroup } from '../../src/node/core/consensus/group.ts'
import { encodeBlockRecord } from '../../src/node/core/consensus/record-codec.ts'
import type { CallContext } from '../../src/node/engine/call-context.ts'
import { NodeClock } from '../../src/node/engine/clock/node-clock.ts'
import { BlockRoute } from '../../src/node/engine/cluster/block-route.ts'
import { lonelyLink } from '../../src/node/engine/consensus/lonely-link.ts'
import { ReplicaHost } from '../../src/node/engine/consensus/replica-host.ts'
import { lonelyPlacement } from '../../src/node/engine/content/content-place.ts'
import { ContentReplicas } from '../../src/node/engine/content/content-replicas.ts'
import { KeyValueStore } from '../../src/node/engine/kv/key-value-store.ts'
import { PageLogic } from '../../src/node/engine/kv/page-logic.ts'
import { pageRules } from '../../src/node/engine/kv/page-rules.ts'
import { OutcomeLookup } from '../../src/node/engine/outcome-lookup.ts'
import { PayloadPipeline } from '../../src/node/engine/payload/payload-pipeline.ts'
import type { Clock } from '../../src/node/ports/clock.ts'
import type { RecordFamily, RecordStore } from '../../src/node/ports/record-store.ts'
import { CodedError } from '../../src/shared/coded-error.ts'
import { silentCopyObserver, silentLogger } from './silent.ts'

/** Time that stands still until a test moves it. */
export class ManualClock implements Clock {
  #nowMs = 1_700_000_000_000
  readonly #timers = new Set<{ dueMs: number; run: () => void }>()

  nowMs(): number {
    return this.#nowMs
  }

  monotonicMs(): number {
    return this.#nowMs
  }

  sleep(durationMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = this.after(durationMs, () => {
        resolve()
        return undefined
      })
      const abort = () => {
        timer[Symbol.dispose]()
        reject(new CodedError('cancelled', 'the sleep was cut short'))
      }
      if (signal?.aborted === true) abort()
      else signal?.addEventListener('abort', abort, { once: true })
    })
  }

  after(durationMs: number, run: () => undefined): Disposable {
    const timer = { dueMs: this.#nowMs + durationMs, run }
    this.#timers.add(timer)
    return { [Symbol.dispose]: () => void this.#timers.delete(timer) }
  }

  advance(durationMs: number): void {
    this.#nowMs += durationMs
    for (const timer of [...this.#timers]) {
      if (timer.dueMs > this.#nowMs) continue
      this.#timers.delete(timer)
      timer.run()
    }
  }
}

export interface WorldOptions {
  readonly limits?: Partial<Limits>
  readonly byteLimit?: number
  readonly manifestPartsMax?: number
  /** Between the store and the engine, for example to count or to delay. */
  readonly wrap?: (store: RecordStore) => RecordStore
  readonly damageRead?: (facts: { readonly code: string }) => void
}

const never = new AbortController().signal
export const call: CallContext = { signal: never }
const crypto = new NodeCrypto({ verifyKeysMax: 16 })

/** A key-value store on a memory disk that can be closed, crashed and opened again. */
export class KeyValueWorld {
  readonly disk = new MemoryDisk()
  readonly clock = new ManualClock()
  readonly limits: Limits
  readonly page: BlockAddress
  readonly #options: WorldOptions
  readonly #random = new SystemRandom()
  readonly #secret = { epoch: 1, key: this.#random.bytes(32) }
  readonly #signer = crypto.signingKey(this.#random.bytes(32))
  readonly #session = this.#random.bytes(16)
  #issued = 0
  #store: MemoryStore | undefined
  #hybrid: NodeClock | undefined
  #kv: KeyValueStore | undefined
  #host: ReplicaHost | undefined
  #content: ContentReplicas | undefined

  private constructor(options: WorldOptions) {
    this.#options = options
    this.limits = { ...defaultLimits, ...options.limits }
    this.page = addressFromDigest(this.#random.bytes(32), 'mutable')
  }

  static async make(options: WorldOptions = {}): Promise<KeyValueWorld> {
    const world = new KeyValueWorld(options)
    await world.open()
    return world
  }

  get kv(): KeyValueStore {
    if (this.#kv === undefined) throw new Error('the world is closed')
    return this.#kv
  }

  get store(): MemoryStore {
    if (this.#store === undefined) throw new Error('the world is closed')
    return this.#store
  }

  get hybrid(): NodeClock {
    if (this.#hybrid === undefined) throw new Error('the world is closed')
    return this.#hybrid
  }

  get content(): ContentReplicas {
    if (this.#content === undefined) throw new Error('the world is closed')
    return this.#content
  }

  async open(): Promise<void> {
    const { byteLimit, wrap = (store) => store, manifestPartsMax } = this.#options
    const { limits, clock, disk } = this
    const memory = openMemoryStore({ random: this.#random, disk, limits, ...(byteLimit !== undefined && { byteLimit }) })
    const store = wrap(memory)
    this.#store = memory
    this.#hybrid = new NodeClock({ clock, store, limits, logger: silentLogger })
    await this.#hybrid.start()
    const { storeId, bootCount } = store.identity
    const nodeId = addressFromDigest(crypto.sha256(this.#signer.publicKey), 'mutable')
    const self = { nodeId, storeId, bootCount, recovery: 0 }
    if (!(await store.has('block', this.page))) {
      const record = newPage(this.page, this.#hybrid.next(), self)
      await store.commit([{ kind: 'put', family: 'block', key: this.page, value: encodeBlockRecord(record) }])
    }
    const secrets = { current: () => this.#secret, of: (epoch: number) => (epoch === 1 ? this.#secret : undefined) }
    const rules = pageRules(limits, crypto)
    const outcomes = new OutcomeLookup({ store, clock: this.#hybrid, limits })
    const pages = new PageLogic({ store, clock: this.#hybrid, limits, rules, outcomes, keysChanged: () => undefined })
    const birthGroup = () => bornGroup([{ nodeId, storeId }])
    const hosting = {
      store,
      clock,
      limits,
      logger: silentLogger,
      self,
      link: lonelyLink,
      birthGroup,
      epoch: () => 1,
      isUncertain: () => false,
    }
    this.#host = new ReplicaHost({ ...hosting, logicOf: () => pages })
    const liveness = { mayAnswer: () => false }
    const routing = {
      host: this.#host,
      clock,
      random: this.#random,
      limits,
      self,
      store,
      liveness,
      birthGroup,
      holders: () => [],
    }
    const route = new BlockRoute(routing)
    const nobody = () => Promise.reject(new CodedError('unavailable', 'there is no other node'))
    this.#content = new ContentReplicas({
      store,
      crypto,
      clock,
      hybridClock: this.#hybrid,
      limits,
      logger: silentLogger,
      networkId: nodeId,
      placement: lonelyPlacement({ nodeId, storeId }),
      request: nobody,
      liveness,
      least: 'majority',
    })
    this.#kv = new KeyValueStore({
      ports: { clock, random: this.#random, store, logger: silentLogger },
      clock: this.#hybrid,
      payload: new PayloadPipeline({ crypto, compressor: new ZstdCompressor(), random: this.#random, secrets, limits }),
      limits,
      origin: { networkId: nodeId, signer: this.#signer, digest: crypto },
      rules,
      host: this.#host,
      route,
      ask: nobody,
      copies: composeCopies({ ...routing, route, ask: nobody, tripMs: () => undefined, observer: silentCopyObserver }).reads,
      content: this.#content,
      outcomes,
      writer: crypto.sha256(this.#signer.publicKey),
      stores: new Map([['', this.page]]),
      ...(manifestPartsMax !== undefined && { manifestPartsMax }),
      damageRead: this.#options.damageRead,
    })
    await this.#kv.start()
  }

  async close(): Promise<void> {
    await this.#kv?.stop()
    await this.#content?.stop()
    await this.#host?.stop()
    await this.#hybrid?.stop()
    await this.#store?.close()
    this.#kv = undefined
  }

  async restart(): Promise<void> {
    await this.close()
    await this.open()
  }

  /** Power goes; what was not synced is lost but for `keep` batches. */
  async crash(options: { readonly keep?: number; readonly torn?: boolean } = {}): Promise<void> {
    this.disk.crash(options)
    this.#kv = undefined
    await this.open()
  }

  /** A caller's request id that was not used before. */
  nextId(): RequestId {
    return { session: this.#session, sequence: BigInt(++this.#issued), issued: this.hybrid.last + 1n }
  }

  /** Records of a family. */
  count(family: RecordFamily): number {
    return this.store.usage().families[family].records
  }
}

/** A page without keys, as a group of one has it at its birth. */
export function newPage(
  address: BlockAddress,
  generation: bigint,
  self: { nodeId: Uint8Array; storeId: Uint8Array; bootCount: number; recovery: number },
): BlockRecord {
  return {
    address,
    generation,
    group: bornGroup([{ nodeId: self.nodeId, storeId: self.storeId }]),
    promised: birthBallot(self, self.bootCount),
    committedIndex: 0n,
    version: 0n,
    outcomeFloor: 0n,
    outcomeCount: 0,
    state: {
      kind: 'map',
      head: {
        page: 'key-value',
        recordCount: 0,
        recordBytes: 0,
        revisionFloor: 0n,
        versionFloor: 0n,
        origins: [],
        originFloor: 0n,
        lastBatch: emptyBytes,
      },
    },
  }
}

export function text(value: string): Uint8Array {
  return new TextEncoder().encode(value)
}

/** Bytes that do not compress, the same for the same seed. */
export function noise(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length)
  let state = seed >>> 0 || 1
  for (let index = 0; index < length; index++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    bytes[index] = state >>> 24
  }
  return bytes
}

export async function gather(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = []
  for await (const piece of pieces) all.push(piece)
  return Buffer.concat(all)
}

export async function* inPieces(bytes: Uint8Array, pieceBytes: number): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < bytes.length; from += pieceBytes) yield bytes.subarray(from, from + pieceBytes)
}
