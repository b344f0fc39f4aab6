import type { SignedNodeRecord } from '../../core/access/node-record.ts'
import { areOfTwoProcesses, encodeNodeRecord } from '../../core/access/node-record.ts'
import { toHex } from '../../core/base/bytes.ts'
import type { Life, RolledBack } from '../../core/overlay/life-mark.ts'
import { concerns, encodeRolledBack } from '../../core/overlay/life-mark.ts'
import { encodeSwimMessage } from '../../core/overlay/swim/swim-messages.ts'
import { messageBody } from '../../core/wire/peer-body.ts'
import type { LivenessObserver } from '../../observe/cluster-observer.ts'
import type { Transport } from '../../ports/transport.ts'
import type { OwnRecord } from './own-record.ts'

export interface LostStateParts {
  readonly transport: Pick<Transport, 'send'>
  readonly own: OwnRecord
  readonly observer: LivenessObserver
  /**
   * This node's data directory came back older than it was, so that it must take a new store id before it votes again; told once. `by`:
   * who saw it further, none where the own signature shows it.
   */
  onRolledBack(facts: { readonly by: Uint8Array | undefined; readonly notice: RolledBack }): void
  /** Another process runs on a copy of this node's data directory: what it promises this one does not know. Told once. */
  onCopied(): void
}

/** Tells nodes whose data directory came back older than it was, or is in use twice, and hears that of the own one. */
export class LostState {
  readonly #parts: LostStateParts
  /** Of nodes that have not shown another directory since, by their ids in hex. */
  readonly #told = new Set<string>()
  #isFound = false

  constructor(parts: LostStateParts) {
    this.#parts = parts
  }

  /** A record shows that the directory of a node that is known has lost something; each such record is answered, in case a word is lost. */
  seen(nodeId: Uint8Array, notice: RolledBack): void {
    const key = toHex(nodeId)
    if (!this.#told.has(key)) this.#parts.observer.rollBackSeen({ nodeId })
    this.#told.add(key)
    this.#parts.transport.send(nodeId, messageBody('liveness', encodeRolledBack(notice)))
  }

  /** Another process of the node said what is known: this one is shown it, and knows by its own signature. */
  copied(nodeId: Uint8Array, known: SignedNodeRecord): void {
    const key = toHex(nodeId)
    if (!this.#told.has(key)) this.#parts.observer.copySeen({ nodeId })
    this.#told.add(key)
    const { bootCount, incarnation } = known
    const rumour = { nodeId, bootCount, incarnation, state: 'alive', record: encodeNodeRecord(known) } as const
    const message = encodeSwimMessage({ kind: 'news', rumours: [rumour], wanted: [] })
    this.#parts.transport.send(nodeId, messageBody('liveness', message))
  }

  /** The node runs on a directory that is what it was, or has lost its place. */
  settle(nodeId: Uint8Array): void {
    this.#told.delete(toHex(nodeId))
  }

  /** A statement of this node itself, genuine, of which it is not known whether it made it since its start. */
  ownSeen(record: SignedNodeRecord): void {
    const { own, observer, onCopied } = this.#parts
    if (this.#isFound || !areOfTwoProcesses(own.current, record)) {
      this.#judge(undefined, { storeId: record.storeId, highest: record, seen: own.life })
      return
    }
    this.#isFound = true
    observer.copied({ storeId: record.storeId, endpoints: record.endpoints })
    onCopied()
  }

  told(by: Uint8Array, notice: RolledBack): void {
    this.#judge(by, notice)
  }

  #judge(by: Uint8Array | undefined, { storeId, highest, seen }: RolledBack): void {
    const { own, observer, onRolledBack } = this.#parts
    // Of its own: what is kept must not hold the whole message.
    const notice: RolledBack = { storeId: Uint8Array.from(storeId), highest: lifeOf(highest), seen: lifeOf(seen) }
    if (this.#isFound || !concerns(notice, own.life)) return
    this.#isFound = true
    observer.rolledBack({ by, ...notice })
    onRolledBack({ by, notice })
  }
}

function lifeOf({ bootCount, syncedPosition }: Life): Life {
  return { bootCount, syncedPosition }
}
