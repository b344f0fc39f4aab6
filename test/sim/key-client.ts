/** Somebody who uses the key-value store: one operation after another, each written into the history with what became of it. */
import type { CallContext } from '../../src/node/engine/call-context.ts'
import type { BatchOperation, ChangeResult, KeyMetadata, KeyValueService } from '../../src/node/engine/kv/key-value-service.ts'
import type { CopyChecker, CopyConsistency, SeenState } from './copy-checker.ts'
import { copyConsistencies, copyText, eventual, promisedBy, within } from './copy-checker.ts'
import type { History, OpenOperation } from './history.ts'
import type { Demand, KeyAnswer, KeyCall } from './key-model.ts'
import type { Profile } from './profile.ts'
import type { RevisionChecker } from './revision-checker.ts'
import type { SeededRandom } from './seeded-random.ts'
import type { SimCaller } from './sim-caller.ts'
import { Violation } from './violation.ts'
import type { WrittenValues } from './written-values.ts'

export interface KeyClientParts {
  readonly caller: SimCaller
  readonly random: SeededRandom
  readonly profile: Profile
  readonly history: History<KeyCall, KeyAnswer>
  readonly values: WrittenValues
  readonly revisions: RevisionChecker
  readonly copies: CopyChecker
}

type Change = Exclude<KeyCall, { kind: 'read' }>
type How = 'single' | 'batch' | 'stream'
interface Asked {
  readonly key: string
  readonly call: Change
}

const store = ''

export class KeyClient {
  readonly #parts: KeyClientParts
  /** The last version that this client was told of a key. */
  readonly #versions = new Map<string, bigint>()

  constructor(parts: KeyClientParts) {
    this.#parts = parts
  }

  async one(): Promise<void> {
    const { random, profile } = this.#parts
    const dice = random.integerBelow(100)
    const isCopy = profile.copies > 0 && dice < 60 && random.percent(profile.copies)
    if (isCopy) await this.#readCopy(dice < profile.lists ? 'list' : random.pick(['get', 'stat', 'read'] as const))
    else if (dice < profile.lists) await this.#list(random.percent(50))
    else if (dice < profile.lists + profile.batches) await this.#batch()
    else if (dice < 60) await this.#read(this.#key(), random.pick(['get', 'stat', 'read'] as const))
    else await this.#change([this.#draw(this.#key())], random.percent(profile.streams) ? 'stream' : 'single')
  }

  /** What every key holds, once nothing is in the way any more. False where one was refused. */
  async readAll(): Promise<boolean> {
    const answered = [await this.#list(true)]
    for (const key of this.#keys()) answered.push(await this.#read(key, 'get'))
    if (this.#parts.profile.copies > 0) answered.push(await this.#readCopy('list', [eventual, within(0)]))
    return !answered.includes(false)
  }

  /** False where it was refused. */
  async changeOne(): Promise<boolean> {
    const value = this.#parts.values.make(1)
    return await this.#change([{ key: this.#key(), call: { kind: 'put', demand: { kind: 'any' }, value } }], 'single')
  }

  async #batch(): Promise<void> {
    const keys = this.#keys().filter(() => this.#parts.random.percent(40))
    if (keys.length > 0)
      await this.#change(
        keys.map((key) => this.#draw(key)),
        'batch',
      )
  }

  #draw(key: string): Asked {
    const { random, profile, values } = this.#parts
    const remove = random.percent(profile.removals)
    const demand = this.#demand(key, remove ? ['any', 'present'] : ['absent', 'present'])
    if (remove) return { key, call: { kind: 'delete', demand } }
    return { key, call: { kind: 'put', demand, value: values.make(random.between(0, profile.valueBytes)) } }
  }

  #demand(key: string, kinds: readonly ('any' | 'absent' | 'present')[]): Demand {
    const { random, profile } = this.#parts
    if (!random.percent(profile.conditional)) return { kind: 'any' }
    const version = this.#versions.get(key)
    return version !== undefined && random.percent(60) ? { kind: 'version', version } : { kind: random.pick(kinds) }
  }

  async #change(asked: readonly Asked[], how: How): Promise<boolean> {
    const { caller, values } = this.#parts
    const open = asked.map(({ key, call }) => this.#begin(key, call))
    const what = asked.map(({ key, call }) => `${call.kind} ${key}`).join(' ')
    const told = await caller.change(what, ({ keyValues }, context) => send(keyValues, asked, how, context, values))
    if (told.kind === 'answer') this.#answered(asked, open, told.value)
    else if (told.kind === 'refused') for (const each of open) each.void()
    return told.kind === 'answer'
  }

  #answered(asked: readonly Asked[], open: readonly OpenOperation<KeyAnswer>[], results: readonly ChangeResult[]): void {
    for (const [index, { key, call }] of asked.entries()) {
      const result = results[index]
      if (result === undefined) throw new Violation('an operation of a batch has no answer')
      const metadata = result.kind === 'done' ? result.metadata : result.current
      if (metadata !== undefined) this.#saw(key, metadata)
      if (result.kind === 'done') open[index]?.answered({ kind: 'done', version: result.metadata.version })
      else open[index]?.answered({ kind: 'conflict', version: metadata?.version })
      this.#parts.caller.tell(`${call.kind} ${key}: ${result.kind} ${metadata?.version ?? 'absent'}`)
    }
  }

  /** A change as the linearizable history and the judge of copies know it. */
  #begin(key: string, call: Change): OpenOperation<KeyAnswer> {
    const { history, copies } = this.#parts
    const operation = history.begin(key, call)
    const change = copies.asked(key, call.kind === 'put' ? call.value : undefined)
    return {
      answered: (answer) => {
        operation.answered(answer)
        if (answer.kind === 'done') change.done(call.kind === 'put' ? answer.version * 2n : answer.version * 2n + 1n)
        else change.void()
      },
      void: () => {
        operation.void()
        change.void()
      },
    }
  }

  /** One that may show an older state. False where it was refused. */
  async #readCopy(
    how: 'get' | 'stat' | 'read' | 'list',
    kinds: readonly CopyConsistency[] = copyConsistencies,
  ): Promise<boolean> {
    const { caller, random, copies } = this.#parts
    const consistency = random.pick(kinds)
    const key = this.#key()
    let startMs = 0
    const told = await caller.ask(async ({ keyValues }, context) => {
      startMs = copies.nowMs
      const asked = { ...context, consistency }
      if (how !== 'list') return [{ key, found: await read(keyValues, key, how, asked) }]
      const { items, ageMs } = await keyValues.list(store, { prefix: 'k', withValues: true }, asked)
      return this.#keys().map((each) => {
        const item = items.find(({ metadata }) => metadata.key === each)
        return { key: each, found: item && { metadata: item.metadata, bytes: item.value, ageMs } }
      })
    })
    const what = `${how} ${key} ${copyText(consistency)}`
    caller.tell(
      `${what}: ${told.kind === 'answer' ? told.value.map(({ found }) => found?.metadata.version ?? 'absent') : told.code}`,
    )
    if (told.kind !== 'answer') return false
    for (const { key: each, found } of told.value) {
      const promised = found === undefined ? consistency : promisedBy(consistency, found.ageMs)
      copies.read(each, startMs, promised, found && this.#stateOf(each, found))
    }
    return true
  }

  #stateOf(
    key: string,
    { metadata, bytes }: { readonly metadata: KeyMetadata; readonly bytes: Uint8Array | undefined },
  ): SeenState {
    this.#parts.revisions.saw(key, metadata.version, metadata.revision)
    return { position: metadata.version * 2n, ...(bytes !== undefined && { value: this.#parts.values.nameOf(bytes) }) }
  }

  async #read(key: string, how: 'get' | 'stat' | 'read'): Promise<boolean> {
    const { caller, history } = this.#parts
    const open = history.begin(key, { kind: 'read' })
    const told = await caller.ask(({ keyValues }, context) => read(keyValues, key, how, context))
    if (told.kind !== 'answer') open.void()
    else if (told.value === undefined) open.answered({ kind: 'absent' })
    else open.answered(this.#found(key, told.value.metadata, told.value.bytes))
    caller.tell(`${how} ${key}: ${told.kind === 'answer' ? (told.value?.metadata.version ?? 'absent') : told.code}`)
    return told.kind === 'answer' || this.#isLost(told.code)
  }

  /** One page shows all keys at one moment: a read of each. */
  async #list(withValues: boolean): Promise<boolean> {
    const { caller, history } = this.#parts
    const open = this.#keys().map((key) => ({ key, operation: history.begin(key, { kind: 'read' }) }))
    const told = await caller.ask(({ keyValues }, context) => keyValues.list(store, { prefix: 'k', withValues }, context))
    if (told.kind !== 'answer' || told.value.damage !== undefined) {
      for (const { operation } of open) operation.void()
      return this.#isLost(told.kind === 'answer' ? 'data-corrupt' : told.code)
    }
    const { items, nextPageToken } = told.value
    const listed = items.map(({ metadata }) => metadata.key)
    if (listed.some((key, index) => index > 0 && key <= (listed[index - 1] ?? ''))) throw new Violation('a list is out of order')
    if (nextPageToken !== undefined) throw new Violation('a page that has room for all keys ends early')
    const byKey = new Map(items.map((item) => [item.metadata.key, item]))
    for (const { key, operation } of open) {
      const item = byKey.get(key)
      operation.answered(item === undefined ? { kind: 'absent' } : this.#found(key, item.metadata, item.value))
    }
    caller.tell(`list: ${listed.join(' ')}`)
    return true
  }

  /** A value went with the hosts that were lost, and its key says so. */
  #isLost(code: string): boolean {
    return this.#parts.profile.lossy && code === 'data-corrupt'
  }

  #found(key: string, metadata: KeyMetadata, bytes: Uint8Array | undefined): KeyAnswer {
    this.#saw(key, metadata)
    if (bytes !== undefined && bytes.length !== metadata.size) throw new Violation(`${key} has not the size that it says`)
    const value = bytes && this.#parts.values.nameOf(bytes)
    this.#parts.copies.seen(key, { position: metadata.version * 2n, ...(value !== undefined && { value }) })
    return { kind: 'found', version: metadata.version, ...(value !== undefined && { value }) }
  }

  #saw(key: string, { version, revision }: KeyMetadata): void {
    this.#versions.set(key, version)
    this.#parts.revisions.saw(key, version, revision)
  }

  #keys(): readonly string[] {
    return Array.from({ length: this.#parts.profile.keys }, (_, index) => `k${String(index).padStart(2, '0')}`)
  }

  #key(): string {
    return this.#parts.random.pick(this.#keys())
  }
}

async function send(
  kv: KeyValueService,
  asked: readonly Asked[],
  how: How,
  context: CallContext,
  values: WrittenValues,
): Promise<readonly ChangeResult[]> {
  if (how === 'batch')
    return await kv.batch(
      store,
      asked.map((each) => operationOf(each, values)),
      context,
    )
  const results: ChangeResult[] = []
  for (const { key, call } of asked) {
    const { demand: precondition } = call
    if (call.kind === 'delete') results.push(await kv.delete(store, key, precondition, context))
    else if (how === 'stream')
      results.push(await kv.putStream(store, key, values.piecesOf(call.value), { precondition }, context))
    else results.push(await kv.put(store, key, values.bytesOf(call.value), { precondition }, context))
  }
  return results
}

function operationOf({ key, call }: Asked, values: WrittenValues): BatchOperation {
  if (call.kind === 'delete') return { kind: 'delete', key, precondition: call.demand }
  return { kind: 'put', key, value: values.bytesOf(call.value), options: { precondition: call.demand } }
}

async function read(kv: KeyValueService, key: string, how: 'get' | 'stat' | 'read', context: CallContext) {
  if (how === 'stat') {
    const found = await kv.stat(store, key, context)
    return found && { ...found, bytes: undefined }
  }
  if (how === 'get') {
    const found = await kv.get(store, key, {}, context)
    return found && { metadata: found.metadata, bytes: found.value, ageMs: found.ageMs }
  }
  const found = await kv.read(store, key, {}, context)
  if (found === undefined) return undefined
  const pieces: Uint8Array[] = []
  for await (const piece of found.pieces) pieces.push(piece)
  return { metadata: found.metadata, bytes: new Uint8Array(Buffer.concat(pieces)), ageMs: found.ageMs }
}
