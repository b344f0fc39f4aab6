import { CodedError } from '../../../shared/coded-error.ts'
import type { BlockAddress } from '../../core/base/address.ts'
import { addressText } from '../../core/base/address.ts'
import type { Group, Member } from '../../core/consensus/group.ts'
import type { ReplicaMessage } from '../../core/consensus/replica-events.ts'
import { storeRefusal } from '../store-refusal.ts'
import type { HostedParts } from './hosted-block.ts'
import { HostedBlock } from './hosted-block.ts'
import type { LoadedReplica } from './load-replica.ts'
import { loadReplica } from './load-replica.ts'
import type { Withdrawal } from './replica-failures.ts'

/** Of a block in memory, roughly. */
const bytesBesideState = 4096

export interface ReplicaHostParts extends Omit<HostedParts, 'signal' | 'abstains'> {
  /** The group that a block without a record would be born to. */
  readonly birthGroup: (address: BlockAddress) => Group
  /** Of the placement map by which this node acts. */
  readonly epoch: () => number
  /** Told of each block whose entries were applied, synchronously. Must not throw. */
  readonly applied?: (block: HostedBlock) => void
}

/**
 * The mutable blocks of this node that are in use. One is loaded when something is asked of it, or when a member of its group says
 * something, and forgotten when nothing waits at it and others need the room.
 */
export class ReplicaHost {
  readonly #parts: ReplicaHostParts
  readonly #controller = new AbortController()
  /** In the order of their use, the longest unused first. */
  readonly #hosted = new Map<string, HostedBlock>()
  /** Bytes of each of them, and in all. */
  readonly #sizes = new Map<string, number>()
  #bytes = 0
  readonly #pinned = new Set<string>()
  #withdrawal: Withdrawal | undefined
  readonly #loading = new Map<string, Promise<HostedBlock>>()
  /** Work that blocks are kept out of memory for. */
  readonly #unloaded = new Map<string, Promise<void>>()

  constructor(parts: ReplicaHostParts) {
    this.#parts = parts
  }

  /** How many are in memory. */
  get size(): number {
    return this.#hosted.size
  }

  /** Why it votes and leads no more; undefined while it does. */
  get withdrawal(): Withdrawal | undefined {
    return this.#withdrawal
  }

  /** The block, if it is in memory. */
  peek(address: BlockAddress): HostedBlock | undefined {
    return this.#hosted.get(addressText(address))
  }

  /** Aborts when the node stops. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Opens a block that stays in memory until the node stops. */
  async pin(address: BlockAddress): Promise<HostedBlock> {
    this.#pinned.add(addressText(address))
    return await this.open(address)
  }

  /** Throws or rejects with `data-corrupt` where its record cannot be read. */
  open(address: BlockAddress): HostedBlock | Promise<HostedBlock> {
    const name = addressText(address)
    const hosted = this.#hosted.get(name)
    if (hosted !== undefined) {
      this.#hosted.delete(name)
      this.#hosted.set(name, hosted)
      return hosted
    }
    const known = this.#loading.get(name)
    if (known !== undefined) return known
    const loading = this.#load(address, name)
    this.#loading.set(name, loading)
    return loading
  }

  /** As `open`, and the block stays in memory until the work has ended. */
  async use<Result>(address: BlockAddress, work: (block: HostedBlock) => Promise<Result>): Promise<Result> {
    for (;;) {
      const opened = this.open(address)
      const block = opened instanceof Promise ? await opened : opened
      // Another one may have taken its room before this went on.
      if (this.peek(address) !== block) continue
      using _used = block.use()
      return await work(block)
    }
  }

  /**
   * For work on what is stored of a block: it is not in memory meanwhile, and is loaded anew by whoever asks for it. Nothing is done where
   * the block is in use.
   */
  async whileUnloaded(address: BlockAddress, work: () => Promise<void>): Promise<void> {
    const name = addressText(address)
    const hosted = this.#hosted.get(name)
    const isFree = !this.#loading.has(name) && !this.#unloaded.has(name) && !this.#pinned.has(name)
    if (!isFree || hosted?.isIdle === false) return
    this.#unload(name)
    const working = work()
    const ended = working
      .catch(() => undefined)
      .then(() => {
        this.#unloaded.delete(name)
      })
    this.#unloaded.set(name, ended)
    await working
  }

  /** This store was found to be older than what it has said before, or the network went on without it: it votes and leads no more. */
  withdraw(why: Withdrawal): void {
    this.#withdrawal ??= why
    for (const block of this.#hosted.values()) block.resign()
  }

  /** What a member of a group says, in the order in which it came. */
  receive(from: Member, address: BlockAddress, message: ReplicaMessage, epoch: number): void {
    // A store that has lost records does not know what it voted for.
    if (storeRefusal(this.#parts.store) !== undefined || this.#withdrawal !== undefined || this.#controller.signal.aborted) return
    const opened = this.open(address)
    if (!(opened instanceof Promise)) {
      this.#hand(opened, from, message, epoch)
      return
    }
    opened.then(
      (block) => this.#hand(block, from, message, epoch),
      (error: unknown) => this.#parts.logger.warn('a block that others vote on cannot be read here', { error }),
    )
  }

  /** Blocks that are not born, as far as is known here, have another group from now on. */
  placementChanged(): void {
    for (const block of this.#hosted.values()) {
      if (block.record === undefined) block.place(this.#parts.birthGroup(block.address))
    }
  }

  /** A birth is decided by those alone who act by the same map. */
  #hand(block: HostedBlock, from: Member, message: ReplicaMessage, epoch: number): void {
    const isOfBirth = block.record === undefined && message.kind !== 'higher' && message.groupIndex === 0
    if (!isOfBirth || epoch === this.#parts.epoch()) block.receive(from, message)
  }

  /** Ends every wait. Idempotent. */
  async stop(): Promise<void> {
    this.#controller.abort(new CodedError('not-running', 'the node is stopping'))
    await Promise.allSettled(this.#loading.values())
    await Promise.all([...this.#hosted.values()].map((block) => block.stop()))
    this.#hosted.clear()
  }

  async #load(address: BlockAddress, name: string): Promise<HostedBlock> {
    const { store, self, birthGroup, epoch, applied } = this.#parts
    try {
      await this.#unloaded.get(name)
      let loaded: LoadedReplica
      let begun: number
      // A block that is not born has its group from the map that still holds when it is there.
      do {
        begun = epoch()
        loaded = await loadReplica(store, address, self, () => birthGroup(address))
      } while (loaded.block === undefined && begun !== epoch())
      this.#controller.signal.throwIfAborted()
      const parts = { ...this.#parts, signal: this.#controller.signal, abstains: () => this.#withdrawal }
      const block = new HostedBlock(address, loaded, parts, (changed) => {
        this.#makeRoomFor(changed, name)
        applied?.(changed)
      })
      this.#hosted.set(name, block)
      this.#makeRoomFor(block, name)
      return block
    } finally {
      this.#loading.delete(name)
    }
  }

  #makeRoomFor(block: HostedBlock, itsName: string): void {
    if (this.#hosted.get(itsName) !== block) return
    const heldBytes = this.#bytesOf(block)
    this.#bytes += heldBytes - (this.#sizes.get(itsName) ?? 0)
    this.#sizes.set(itsName, heldBytes)
    for (const [name, other] of this.#hosted) {
      const { hostedBlocksMax, hostedBytesMax } = this.#parts.limits
      if (this.#hosted.size <= hostedBlocksMax && this.#bytes <= hostedBytesMax) return
      if (name !== itsName && other.isIdle && !this.#pinned.has(name)) this.#unload(name)
    }
  }

  /** About: its state, and as much again for the entries that are kept for other members. */
  #bytesOf({ record }: HostedBlock): number {
    const stateBytes = record?.state.kind === 'signed' ? record.state.signed.length : 0
    return bytesBesideState + stateBytes + Math.min(stateBytes, this.#parts.limits.retainedBytesMax)
  }

  #unload(name: string): void {
    this.#hosted.delete(name)
    this.#bytes -= this.#sizes.get(name) ?? 0
    this.#sizes.delete(name)
  }
}
