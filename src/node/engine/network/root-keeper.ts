import { CodedError } from '../../../shared/coded-error.ts'
import { emptyBytes, startsWith, toHex } from '../../core/base/bytes.ts'
import { hlcToMs } from '../../core/base/hybrid-clock.ts'
import { sessionBytes } from '../../core/block/signed-batch.ts'
import type { NamedSection, RootCopy } from '../../core/overlay/named-sections.ts'
import { decodeRootCopy, encodeRootCopy } from '../../core/overlay/named-sections.ts'
import type { SectionChange } from '../../core/overlay/root-entry.ts'
import { decodeRootEntry, encodeRootEntry } from '../../core/overlay/root-entry.ts'
import { areForInviters, areWithinInvite } from '../../core/overlay/root-rights.ts'
import { settledPrefix } from '../../core/overlay/root-section.ts'
import type { Crypto } from '../../ports/crypto.ts'
import type { Logger } from '../../ports/logger.ts'
import type { Random } from '../../ports/random.ts'
import type { RecordStore, RecordWrite } from '../../ports/record-store.ts'
import type { Peer } from '../../ports/transport.ts'
import type { NodeClock } from '../clock/node-clock.ts'
import type { AskMember, MemberCalls } from '../cluster/ask-member.ts'
import type { BlockRoute } from '../cluster/block-route.ts'
import type { HostedBlock } from '../consensus/hosted-block.ts'
import { NotPrimary } from '../consensus/replica-failures.ts'
import type { ReplicaHost } from '../consensus/replica-host.ts'
import { readSections, sectionsByName } from './load-network.ts'
import type { NetworkFacts, Sections } from './network-facts.ts'
import { networkFacts } from './network-facts.ts'
import type { NetworkView } from './network-view.ts'
import type { NodeKeys } from './node-keys.ts'
import { writeRootCopy } from './root-copy.ts'
import { signSections } from './root-sections.ts'

export interface RootKeeperParts {
  readonly crypto: Crypto
  readonly random: Random
  readonly store: RecordStore
  readonly clock: NodeClock
  readonly logger: Logger
  readonly keys: NodeKeys
  readonly view: NetworkView
  readonly host: ReplicaHost
  readonly route: BlockRoute
  readonly ask: AskMember
}

/** What a change makes of the sections as they are; undefined where nothing is left to do. */
export type RootChange = (facts: NetworkFacts, sections: Sections) => readonly SectionWish[] | undefined

/** A section as it should be; undefined: gone. */
export interface SectionWish {
  readonly name: Uint8Array
  readonly body: Uint8Array | undefined
}

/** Times that a change is decided anew because the sections were changed meanwhile. */
const attemptsMax = 16

/**
 * The network's root as this node uses it: reads its sections wherever its primary is, and changes them by commits. What was decided on
 * older sections than those that are there is decided again.
 */
export class RootKeeper {
  readonly #parts: RootKeeperParts
  readonly #session: Uint8Array
  #sequence = 0n
  #refreshing: Promise<void> | undefined
  #isBehind = false
  /** Slot of the root's log as of which the view stands. */
  #seen = -1

  constructor(parts: RootKeeperParts) {
    this.#parts = parts
    this.#session = parts.random.bytes(sessionBytes)
  }

  /** Before the transport starts. */
  register(calls: MemberCalls): void {
    calls.serve('root-read', (block, _body, peer, signal) => this.#serveRead(block, peer, signal))
    calls.serve('root-change', (block, body, peer, signal) => this.#serveChange(block, body, peer, signal))
  }

  /** The root was changed here: the view follows. */
  applied(): void {
    this.#isBehind = true
    this.#refreshing ??= this.#refresh()
  }

  /** Waits for what is being read. */
  async stop(): Promise<void> {
    await this.#refreshing
  }

  /** The sections as of now; the view follows. Rejects with `unavailable`. */
  async read(signal: AbortSignal): Promise<Sections> {
    const copy = await this.#read(signal)
    await this.#take(copy)
    return sectionsByName(copy.sections)
  }

  /** The sections as of now, for somebody else. */
  async copy(signal: AbortSignal): Promise<RootCopy> {
    return await this.#read(signal)
  }

  /** Makes a change by a commit; resolves with the facts behind it. */
  async change(decide: RootChange, signal: AbortSignal): Promise<NetworkFacts> {
    const { view } = this.#parts
    for (let attempt = 0; attempt < attemptsMax; attempt++) {
      const sections = await this.read(signal)
      const wishes = decide(view.facts, sections)
      if (wishes === undefined || wishes.length === 0) return view.facts
      const changes = wishes.map(({ name, body }): SectionChange => {
        const before = sections.get(toHex(name))
        return { name, body, version: before === undefined ? 0n : before.section.version + 1n }
      })
      if (await this.#propose(changes, signal)) {
        await this.read(signal)
        return view.facts
      }
    }
    throw new CodedError('contended', 'others changed the network again and again; nothing was changed')
  }

  async #read(signal: AbortSignal): Promise<RootCopy> {
    const { view, route, ask } = this.#parts
    const address = view.root
    return await route.call(
      address,
      {
        repeatable: true,
        local: (block) => this.#copy(block, signal),
        remote: async (to, primaryFailed, within) => {
          const bytes = await ask(to, { kind: 'root-read', address, body: emptyBytes, primaryFailed }, within)
          const copy = decodeRootCopy(bytes)
          if (copy === undefined) throw new CodedError('internal', 'a node gave a root that cannot be read')
          return copy
        },
      },
      signal,
    )
  }

  /** False where the sections were changed since. A change names versions, so one that is made twice is made once. */
  async #propose(changes: readonly SectionChange[], signal: AbortSignal): Promise<boolean> {
    const { view, route, ask, clock, crypto, keys } = this.#parts
    const address = view.root
    const [session, sequence, hlc] = [this.#session, ++this.#sequence, clock.next()]
    const signed = signSections(
      { crypto, keys, networkId: view.networkId, root: address },
      { session, sequence, issued: hlc, changes },
    )
    const body = encodeRootEntry({ hlc, session, sequence, changes, signed })
    const answer = await route.call(
      address,
      {
        repeatable: true,
        local: (block) => this.#decide(block, body, signal),
        remote: async (to, primaryFailed, within) => {
          const bytes = await ask(to, { kind: 'root-change', address, body, primaryFailed }, within)
          return bytes[0] === 1
        },
      },
      signal,
    )
    return answer
  }

  async #decide(block: HostedBlock, body: Uint8Array, signal: AbortSignal): Promise<boolean> {
    if (block.record === undefined) throw new NotPrimary(block.group.members, undefined)
    return (await block.propose({ kind: 'change', body }, undefined, 'reserve', signal)) === 'done'
  }

  async #serveRead(block: HostedBlock, peer: Peer, signal: AbortSignal): Promise<Uint8Array> {
    if (!peer.rights.read) throw new CodedError('permission-denied', 'this node may not read')
    return encodeRootCopy(await this.#copy(block, signal))
  }

  async #serveChange(block: HostedBlock, body: Uint8Array, peer: Peer, signal: AbortSignal): Promise<Uint8Array> {
    const entry = decodeRootEntry(body)
    if (entry === undefined) throw new CodedError('invalid-argument', 'a change of the root cannot be read')
    if (!(await this.#isAllowed(block, entry.changes, peer, signal))) {
      throw new CodedError('permission-denied', 'this node may not change this of the network')
    }
    return Uint8Array.of((await this.#decide(block, body, signal)) ? 1 : 0)
  }

  async #isAllowed(block: HostedBlock, changes: readonly SectionChange[], peer: Peer, signal: AbortSignal): Promise<boolean> {
    const { rights, nodeId } = peer
    if (rights.administer) return true
    if (!rights.invite || !areForInviters(changes)) return false
    if (changes.every(({ name }) => startsWith(name, settledPrefix))) return true
    const { crypto, keys, view, clock } = this.#parts
    const { sections } = await this.#copy(block, signal)
    const { placement, admission } = networkFacts({ crypto, keys }, view.networkId, sectionsByName(sections))
    return areWithinInvite(nodeId, { placement, admission, nowMs: hlcToMs(clock.last) }, changes)
  }

  async #copy(block: HostedBlock, signal: AbortSignal): Promise<RootCopy> {
    // The root is born with its network.
    if (block.record === undefined) throw new NotPrimary(block.group.members, undefined)
    await block.read(signal)
    return await this.#held(block)
  }

  /** What a start goes by while the state of the root is being replaced here. Asked while nothing is applied. */
  async copyWrites(block: HostedBlock): Promise<readonly RecordWrite[]> {
    return [writeRootCopy(await this.#asApplied(block))]
  }

  /** The sections as they are applied here. */
  async #held(block: HostedBlock): Promise<RootCopy> {
    return await block.state.exclusively(() => this.#asApplied(block))
  }

  async #asApplied(block: HostedBlock): Promise<RootCopy> {
    const { store, view } = this.#parts
    const sections = await readSections(store, view.root, view.networkId)
    return { index: Number(block.record?.committedIndex ?? 0n), group: block.group, sections }
  }

  /** Follows what was applied here. */
  async #refresh(): Promise<void> {
    const { host, view, logger } = this.#parts
    while (this.#isBehind && !host.signal.aborted) {
      this.#isBehind = false
      try {
        const block = await host.open(view.root)
        if (block.record === undefined || block.state.isInstalling) continue
        const { index, sections } = await this.#held(block)
        this.#follow(index, sections)
      } catch (error) {
        logger.error('a change of the network could not be followed', { error })
      }
    }
    this.#refreshing = undefined
  }

  async #take(copy: RootCopy): Promise<void> {
    const { store, host, view } = this.#parts
    const isHeld = (await host.open(view.root)).record !== undefined
    if (!isHeld && copy.index > this.#seen) await store.commit([writeRootCopy(copy)], { space: 'reserve' })
    this.#follow(copy.index, copy.sections)
  }

  #follow(index: number, sections: readonly NamedSection[]): void {
    if (index <= this.#seen) return
    const { view, crypto, keys } = this.#parts
    view.update(networkFacts({ crypto, keys }, view.networkId, sectionsByName(sections)))
    this.#seen = index
  }
}
