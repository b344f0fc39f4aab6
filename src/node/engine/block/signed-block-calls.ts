import { CodedError } from '../../../shared/coded-error.ts'
import type { BlockAddress } from '../../core/base/address.ts'
import type { RequestId } from '../../core/base/request-id.ts'
import type { BlockEntry } from '../../core/consensus/block-entry.ts'
import { encodeBlockEntry } from '../../core/consensus/block-entry-codec.ts'
import type { Member } from '../../core/consensus/group.ts'
import { isLonely } from '../../core/consensus/group.ts'
import type { BlockChangeAnswer, BlockReadAnswer, BlockStanding } from '../../core/wire/block-calls.ts'
import { decodeBlockChangeAnswer, decodeBlockReadAnswer, encodeBlockRead } from '../../core/wire/block-calls.ts'
import type { RecordStore } from '../../ports/record-store.ts'
import type { ReadConsistency } from '../call-context.ts'
import type { AskMember } from '../cluster/ask-member.ts'
import type { BlockRoute, RoutedCall } from '../cluster/block-route.ts'
import type { Copied, CopyCall, CopyReads } from '../cluster/copy-reads.ts'
import type { HostedBlock } from '../consensus/hosted-block.ts'
import type { ReplicaHost } from '../consensus/replica-host.ts'
import { storeRefusal } from '../store-refusal.ts'
import type { SignedBlockPrimary } from './signed-block-primary.ts'

export interface BlockCluster {
  readonly host: ReplicaHost
  readonly route: BlockRoute
  readonly ask: AskMember
  readonly copies: CopyReads
}

export interface SignedBlockCallsParts extends BlockCluster {
  readonly store: RecordStore
  readonly primary: SignedBlockPrimary
}

/** Names a change for which the caller brought no id: with it the change may be sent again. */
export type Identify = () => Required<Pick<BlockEntry, 'requestId' | 'asked'>>

/** What the origin of changes asks of the primary of a block, wherever that is. */
export class SignedBlockCalls {
  readonly #parts: SignedBlockCallsParts

  constructor(parts: SignedBlockCallsParts) {
    this.#parts = parts
  }

  async read(address: BlockAddress, requestId: RequestId | undefined, signal: AbortSignal): Promise<BlockReadAnswer> {
    const { store, host, route, primary } = this.#parts
    // A store that takes no changes leads nothing; of blocks that nobody else has it gives what it has.
    if (storeRefusal(store) !== undefined && (await host.open(address)).isAlone) {
      return await primary.readDurable(address, requestId)
    }
    return await route.call(address, new ReadCall(this.#parts, address, requestId), signal)
  }

  /** As such a read sees it. */
  async readAs(
    address: BlockAddress,
    consistency: ReadConsistency | undefined,
    signal: AbortSignal,
  ): Promise<Copied<BlockStanding>> {
    if (consistency === undefined) return { answer: (await this.read(address, undefined, signal)).standing, ageMs: 0 }
    const { copies, primary } = this.#parts
    const call: CopyCall<BlockStanding> = {
      kind: 'block-read',
      local: async () => (await primary.readDurable(address, undefined)).standing,
      body: () => encodeBlockRead(undefined),
      decode: (bytes) => decodeBlockReadAnswer(bytes)?.standing,
      now: async (within) => (await this.read(address, undefined, within)).standing,
    }
    return await copies.read(address, consistency, call, signal)
  }

  change(entry: BlockEntry, identify: Identify, signal: AbortSignal): Promise<BlockChangeAnswer> {
    return this.#parts.route.call(entry.address, new ChangeCall(this.#parts, entry, identify), signal)
  }
}

class ReadCall implements RoutedCall<BlockReadAnswer> {
  readonly repeatable = true
  readonly #parts: SignedBlockCallsParts
  readonly #address: BlockAddress
  readonly #requestId: RequestId | undefined

  constructor(parts: SignedBlockCallsParts, address: BlockAddress, requestId: RequestId | undefined) {
    this.#parts = parts
    this.#address = address
    this.#requestId = requestId
  }

  local(block: HostedBlock, signal: AbortSignal): Promise<BlockReadAnswer> {
    return this.#parts.primary.read(block, this.#requestId, signal)
  }

  async remote(to: Member, primaryFailed: boolean, signal: AbortSignal): Promise<BlockReadAnswer> {
    const body = encodeBlockRead(this.#requestId)
    const call = { kind: 'block-read', address: this.#address, body, primaryFailed } as const
    return understood(decodeBlockReadAnswer(await this.#parts.ask(to, call, signal)))
  }
}

class ChangeCall implements RoutedCall<BlockChangeAnswer> {
  readonly #parts: SignedBlockCallsParts
  readonly #identify: Identify
  #entry: BlockEntry

  constructor(parts: SignedBlockCallsParts, entry: BlockEntry, identify: Identify) {
    this.#parts = parts
    this.#entry = entry
    this.#identify = identify
  }

  get repeatable(): boolean {
    return this.#entry.requestId !== undefined
  }

  local(block: HostedBlock, signal: AbortSignal): Promise<BlockChangeAnswer> {
    // Nobody else carries on what a group of one has lost.
    const entry = isLonely(block.group) ? this.#entry : this.#identified()
    return this.#parts.primary.change(block, entry, false, signal)
  }

  async remote(to: Member, primaryFailed: boolean, signal: AbortSignal): Promise<BlockChangeAnswer> {
    const entry = this.#identified()
    const call = { kind: 'block-change', address: entry.address, body: encodeBlockEntry(entry), primaryFailed } as const
    return understood(decodeBlockChangeAnswer(await this.#parts.ask(to, call, signal)))
  }

  /** The same each time. */
  #identified(): BlockEntry {
    if (this.#entry.requestId === undefined) this.#entry = { ...this.#entry, ...this.#identify() }
    return this.#entry
  }
}

function understood<Answer>(answer: Answer | undefined): Answer {
  if (answer === undefined) throw new CodedError('internal', 'a node gave an answer that cannot be read')
  return answer
}
