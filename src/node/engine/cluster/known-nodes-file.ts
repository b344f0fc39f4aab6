import type { SignedNodeRecord } from '../../core/access/node-record.ts'
import { compareBytes, fromHex, prefixEnd, toHex } from '../../core/base/bytes.ts'
import type { Limits } from '../../core/base/limits.ts'
import { decodeText, encodeText } from '../../core/base/text.ts'
import type { KnownNode } from '../../core/overlay/known-node.ts'
import { decodeKnownNode, encodeKnownNode, knownWith } from '../../core/overlay/known-node.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Logger } from '../../ports/logger.ts'
import type { RecordStore, RecordWrite } from '../../ports/record-store.ts'
import { storeRefusal } from '../store-refusal.ts'

const keyPrefix = encodeText('nodes/')
const nodeIdBytes = 32

export interface KnownNodesFileParts {
  readonly store: RecordStore
  readonly clock: Clock
  readonly limits: Limits
  readonly logger: Logger
  /** What is known at the moment of writing, by the node id in hex; undefined for a node that is to be forgotten. */
  read(key: string): KnownNode | undefined
}

/**
 * What is known of other nodes, in the store: written at once where nothing was for some seconds, else gathered until then. It is a memory of hints, so a write that
 * fails is tried again with the next one and holds nothing up.
 */
export class KnownNodesFile {
  readonly #parts: KnownNodesFileParts
  /** Node ids in hex. */
  readonly #changed = new Set<string>()
  #timer: Disposable | undefined
  #writing: Promise<void> | undefined
  #writtenMs = Number.NEGATIVE_INFINITY
  #isFailing = false
  #stopped = false

  constructor(parts: KnownNodesFileParts) {
    this.#parts = parts
  }

  /** Whatever can be read; what cannot is removed, since the node is met anew. */
  async load(): Promise<{ readonly nodeId: Uint8Array; readonly known: KnownNode }[]> {
    const { store, limits, logger } = this.#parts
    const loaded: { nodeId: Uint8Array; known: KnownNode }[] = []
    let lost = 0
    const lose = (key: Uint8Array): void => {
      lost++
      const nodeId = nodeIdOfKey(key)
      if (nodeId !== undefined) this.note(toHex(nodeId))
    }
    const before = prefixEnd(keyPrefix)
    const limit = limits.directoryBatchMax
    let after: Uint8Array = keyPrefix
    for (;;) {
      const unreadable: Uint8Array[] = []
      const damage = { unreadable: (key: Uint8Array) => void unreadable.push(key), incomplete: () => void lost++ }
      const page = await store.scan('local', { after, ...(before && { before }), limit, damage })
      for (const { key, value } of page) {
        const nodeId = nodeIdOfKey(key)
        const known = decodeKnownNode(value)
        if (nodeId !== undefined && known !== undefined) loaded.push({ nodeId, known })
        else lose(key)
      }
      for (const key of unreadable) lose(key)
      if (page.length + unreadable.length < limit) break
      after = [page.at(-1)?.key ?? after, ...unreadable].reduce((last, key) => (compareBytes(key, last) > 0 ? key : last))
    }
    if (lost > 0) logger.warn('what was known of some other nodes cannot be read; they are met anew', { nodes: lost })
    return loaded
  }

  /** To be written, or removed, with what else changes within some seconds. */
  note(key: string): void {
    this.#changed.add(key)
    this.#schedule()
  }

  /** Writes what waits. */
  async stop(): Promise<void> {
    if (this.#stopped) return
    this.#stopped = true
    this.#timer?.[Symbol.dispose]()
    await this.#writing
    await this.#write()
  }

  #schedule(): void {
    if (this.#stopped || this.#timer !== undefined || this.#writing !== undefined) return
    const { clock, limits } = this.#parts
    // Whom a node meets first it must not forget, whatever ends it.
    const delayMs = Math.max(0, this.#writtenMs + limits.directoryWriteMs - clock.monotonicMs())
    this.#timer = clock.after(delayMs, () => {
      this.#timer = undefined
      this.#writtenMs = clock.monotonicMs()
      this.#writing = this.#write().finally(() => {
        this.#writing = undefined
        if (this.#changed.size > 0) this.#schedule()
      })
    })
  }

  /** Does not reject. */
  async #write(): Promise<void> {
    const { store, limits, logger } = this.#parts
    if (storeRefusal(store) !== undefined) {
      this.#changed.clear()
      return
    }
    const keys = [...this.#changed]
    for (let from = 0; from < keys.length; from += limits.directoryBatchMax) {
      const batch = keys.slice(from, from + limits.directoryBatchMax)
      for (const key of batch) this.#changed.delete(key)
      try {
        await store.commit(
          batch.map((key) => this.#writeOf(key)),
          { space: 'reserve' },
        )
      } catch (error) {
        for (const key of batch) this.#changed.add(key)
        // A disk that is full stays so for a while: that is one thing to say.
        if (!this.#isFailing) logger.warn('what is known of other nodes could not be kept; it is tried again', { error })
        this.#isFailing = true
        return
      }
    }
    this.#isFailing = false
  }

  #writeOf(nodeKey: string): RecordWrite {
    const known = this.#parts.read(nodeKey)
    const key = encodeText(`nodes/${nodeKey}`)
    if (known === undefined) return { kind: 'delete', family: 'local', key }
    return { kind: 'put', family: 'local', key, value: encodeKnownNode(known) }
  }
}

/** What a node knows of others when it begins: their records as it was told them. */
export function knownNodeWrites(records: readonly SignedNodeRecord[]): readonly RecordWrite[] {
  return records.map((record) => {
    const value = encodeKnownNode(knownWith(undefined, record, 1))
    return { kind: 'put', family: 'local', key: encodeText(`nodes/${toHex(record.nodeId)}`), value }
  })
}

function nodeIdOfKey(key: Uint8Array): Uint8Array | undefined {
  const nodeId = fromHex(decodeText(key.subarray(keyPrefix.length)) ?? '?')
  return nodeId?.length === nodeIdBytes && toHex(nodeId).length === key.length - keyPrefix.length ? nodeId : undefined
}
