/** Somebody who uses the value store: named blocks that several write, and content blocks of its own. */
import type { BlockAddress } from '../../src/node/core/base/address.ts'
import type { BlockService, BlockView, UpdateResult } from '../../src/node/engine/block/block-service.ts'
import type { CallContext } from '../../src/node/engine/call-context.ts'
import { isCoded } from '../../src/shared/coded-error.ts'
import { draftOf } from '../support/block-draft.ts'
import type { BlockAnswer, BlockCall } from './block-model.ts'
import type { CopyChecker } from './copy-checker.ts'
import { copyConsistencies, copyText } from './copy-checker.ts'
import type { History, OpenOperation } from './history.ts'
import type { Profile } from './profile.ts'
import type { SeededRandom } from './seeded-random.ts'
import type { SimCaller } from './sim-caller.ts'
import type { SimHost } from './sim-host.ts'
import { Violation } from './violation.ts'
import type { WrittenValues } from './written-values.ts'

export interface BlockClientParts {
  readonly caller: SimCaller
  readonly random: SeededRandom
  readonly profile: Profile
  readonly history: History<BlockCall, BlockAnswer>
  readonly values: WrittenValues
  /** A name is of the user of its node, who alone writes there. */
  readonly homeOf: (name: string) => SimHost
  /** Of names, as far as anybody has asked their homes. */
  readonly addresses: Map<string, BlockAddress>
  readonly copies: CopyChecker
}

const readable = { decrypt: true }
const none = new Uint8Array(0)

export class BlockClient {
  readonly #parts: BlockClientParts
  /** What this client last saw of a name. */
  readonly #seen = new Map<string, BlockView>()
  /** Content blocks of its own, acknowledged. */
  readonly #content = new Map<string, BlockAddress>()

  constructor(parts: BlockClientParts) {
    this.#parts = parts
  }

  async one(): Promise<void> {
    const { random, profile } = this.#parts
    const name = random.pick(this.#names())
    const dice = random.integerBelow(100)
    const isCopy = profile.copies > 0 && dice < 45 && random.percent(profile.copies)
    if (isCopy) await this.#fetchCopy(name)
    else if (dice < 15) await this.#insertContent()
    else if (dice < 15 + profile.rereads && this.#content.size > 0) await this.#reread()
    else if (dice < 45) await this.#call(name, { kind: 'fetch' })
    else if (dice < 65) await this.#call(name, { kind: 'insert', value: this.#value() })
    else if (dice < 90) await this.#update(name)
    else await this.#call(name, { kind: 'remove' })
  }

  /** Changes every name once; false where a call was refused. */
  async changeAll(): Promise<boolean> {
    const answered: boolean[] = []
    for (const name of this.#names()) {
      answered.push(await this.#call(name, { kind: 'insert', value: this.#value() }))
      answered.push(await this.#call(name, { kind: 'fetch' }))
      if (this.#seen.has(name)) await this.#update(name)
    }
    return !answered.includes(false)
  }

  /** False where a call was refused. */
  async readAll(): Promise<boolean> {
    const answered: boolean[] = []
    for (const name of this.#names()) answered.push(await this.#call(name, { kind: 'fetch' }))
    for (const [value, address] of this.#content) {
      const told = await this.#parts.caller.ask(({ blocks }, context) => blocks.fetch(address, readable, context))
      answered.push(told.kind === 'answer')
      if (told.kind !== 'answer') this.#parts.caller.tell(`content ${value}: ${told.code}`)
      else if (told.value === undefined || this.#parts.values.nameOf(told.value.data) !== value)
        throw new Violation('an acknowledged block is gone')
    }
    return !answered.includes(false)
  }

  async #update(name: string): Promise<void> {
    const seen = this.#seen.get(name)
    if (seen === undefined) return void (await this.#call(name, { kind: 'fetch' }))
    const { generation, version } = seen
    await this.#call(name, { kind: 'update', value: this.#value(), replaces: { generation, version } })
  }

  /** False where it was refused. */
  async #call(name: string, call: BlockCall): Promise<boolean> {
    const { caller, homeOf, addresses } = this.#parts
    const open = this.#begin(name, call)
    const action = (blocks: BlockService, context: CallContext, again: boolean) => this.#send(blocks, name, call, context, again)
    const home = homeOf(name)
    const told =
      call.kind === 'fetch'
        ? await caller.ask(({ blocks }, context) => action(blocks, context, false), addresses.has(name) ? undefined : home)
        : await caller.change(`${call.kind} ${name}`, ({ blocks }, context, again) => action(blocks, context, again), home)
    if (told.kind === 'answer') open.answered(told.value)
    else if (told.kind === 'refused' || call.kind === 'fetch') open.void()
    if (told.kind === 'answer') caller.tell(`${call.kind} ${name}: ${told.value.kind}`)
    return told.kind === 'answer'
  }

  /** A call as the linearizable history and the judge of copies know it. */
  #begin(name: string, call: BlockCall): OpenOperation<BlockAnswer> {
    const { history, copies } = this.#parts
    const operation = history.begin(name, call)
    const change = call.kind === 'fetch' ? undefined : copies.asked(name, 'value' in call ? call.value : undefined)
    return {
      answered: (answer) => {
        operation.answered(answer)
        if (answer.kind === 'found') copies.seen(name, { position: positionOf(answer.stamp), value: answer.value })
        if (answer.kind === 'done') change?.done(answer.stamp && positionOf(answer.stamp))
        else if (answer.kind === 'removed') change?.done(undefined)
        else change?.void()
      },
      void: () => {
        operation.void()
        change?.void()
      },
    }
  }

  /** One that may show an older version. */
  async #fetchCopy(name: string): Promise<void> {
    const { caller, random, copies, addresses, homeOf, values } = this.#parts
    const consistency = random.pick(copyConsistencies)
    let startMs = 0
    const told = await caller.ask(
      async ({ blocks }, context) => {
        startMs = copies.nowMs
        const address = addresses.get(name) ?? blocks.namedAddress(new TextEncoder().encode(name))
        return await blocks.fetch(address, readable, { ...context, consistency })
      },
      addresses.has(name) ? undefined : homeOf(name),
    )
    const what = `fetch ${name} ${copyText(consistency)}`
    caller.tell(`${what}: ${told.kind === 'answer' ? (told.value?.version ?? 'absent') : told.code}`)
    if (told.kind !== 'answer') return
    const state = told.value && { position: positionOf(told.value), value: values.nameOf(told.value.data) }
    copies.read(name, startMs, consistency, state)
  }

  async #send(blocks: BlockService, name: string, call: BlockCall, context: CallContext, again: boolean): Promise<BlockAnswer> {
    const nameBytes = new TextEncoder().encode(name)
    const { addresses } = this.#parts
    const address = addresses.get(name) ?? blocks.namedAddress(nameBytes)
    addresses.set(name, address)
    switch (call.kind) {
      case 'fetch': {
        const found = await blocks.fetch(address, readable, context)
        return found === undefined ? { kind: 'absent' } : { kind: 'found', ...this.#told(name, found) }
      }
      case 'insert': {
        const draft = draftOf(await blocks.makeNamed(nameBytes), { data: this.#parts.values.bytesOf(call.value) })
        return await answerOf(again, async () => this.#done(name, call.value, await blocks.insert(draft, context)))
      }
      case 'update': {
        const draft = draftOf(this.#seenOf(name), { data: this.#parts.values.bytesOf(call.value) })
        const changed = { ...draft, ...call.replaces, signature: none }
        return await answerOf(again, async () => this.#updated(name, call.value, await blocks.update(changed, readable, context)))
      }
      case 'remove':
        return await answerOf(again, async () => {
          await blocks.remove(address, context)
          return { kind: 'removed' }
        })
    }
  }

  #updated(name: string, value: string, result: UpdateResult): BlockAnswer {
    if (result.kind === 'conflict') return { kind: 'conflict', ...this.#told(name, result.current) }
    if (result.kind === 'unchanged') throw new Violation('a new value is said to be nothing new')
    return this.#done(name, value, result.block)
  }

  #done(name: string, value: string, view: BlockView): BlockAnswer {
    const told = this.#told(name, view)
    return { kind: 'done', stamp: told.value === value ? told.stamp : undefined }
  }

  #seenOf(name: string): BlockView {
    const seen = this.#seen.get(name)
    if (seen === undefined) throw new Violation(`nothing was seen of ${name}`)
    return seen
  }

  #told(name: string, view: BlockView) {
    this.#seen.set(name, view)
    const { generation, version } = view
    return { stamp: { generation, version }, value: this.#parts.values.nameOf(view.data) }
  }

  async #insertContent(): Promise<void> {
    const value = this.#value()
    const told = await this.#parts.caller.change(`content ${value}`, async ({ blocks }, context) => {
      const made = await blocks.makeContent(this.#parts.values.bytesOf(value), none)
      return await blocks.insert(draftOf(made), context)
    })
    if (told.kind === 'answer') this.#content.set(value, told.value.address)
  }

  /** A block that was acknowledged: it is there, or too few answer. */
  async #reread(): Promise<void> {
    const { caller, random, values } = this.#parts
    const [value, address] = random.pick([...this.#content])
    const told = await caller.ask(({ blocks }, context) => blocks.fetch(address, readable, context))
    const data = told.kind === 'answer' ? told.value?.data : undefined
    const isAbsent = told.kind === 'answer' && (data === undefined || values.nameOf(data) !== value)
    if (isAbsent) throw new Violation('an acknowledged block is said to be absent')
    caller.tell(`content ${value}: ${told.kind === 'answer' ? 'found' : told.code}`)
  }

  #value(): string {
    return this.#parts.values.make(this.#parts.random.between(0, this.#parts.profile.valueBytes))
  }

  #names(): readonly string[] {
    return Array.from({ length: Math.min(3, this.#parts.profile.keys) }, (_, index) => `n${index}`)
  }
}

/** Of a version; between a birth and the next one lie fewer versions than that. */
function positionOf({ generation, version }: { readonly generation: bigint; readonly version: bigint }): bigint {
  return (generation << 32n) + version * 2n
}

/** Refusals that tell of the block are answers; of a repeated request the block may be gone because it was carried out. */
async function answerOf(again: boolean, action: () => Promise<BlockAnswer>): Promise<BlockAnswer> {
  try {
    return await action()
  } catch (error) {
    if (isCoded(error, 'block-already-exists')) return { kind: 'exists' }
    if (isCoded(error, 'block-not-found') && !again) return { kind: 'absent' }
    throw error
  }
}
