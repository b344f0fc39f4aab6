/** Looks for keys that contain a text, step by step, because no index knows them: with progress, an end and a way to stop. */

import type { Failure } from '../../../../ipc/contract/common-schemas.ts'
import type { KeyMetadata, ScanPage } from '../../../../ipc/contract/key-schemas.ts'
import type { NodeClient } from '../../../connection/clients.ts'
import { failureOf } from '../../../connection/failure.ts'
import { keysLimits } from '../keys-limits.ts'
import type { ListLack } from './key-tree.ts'

export type SearchState = 'running' | 'complete' | 'stopped' | 'limit' | 'failed'

export interface SearchSnapshot {
  readonly state: SearchState
  readonly found: number
  readonly scanned: number
  readonly failure?: Failure
  /** What it could not look at, where the store is damaged. */
  readonly lack?: ListLack
}

export class KeySearch {
  readonly prefix: string
  readonly contains: string
  readonly items: KeyMetadata[] = []
  readonly #scan: NodeClient['kv']['scan']
  readonly #listeners = new Set<() => void>()
  #end = new AbortController()
  #next: string | undefined
  #lack: ListLack | undefined
  #snapshot: SearchSnapshot = { state: 'running', found: 0, scanned: 0 }

  constructor(scan: NodeClient['kv']['scan'], prefix: string, contains: string) {
    this.#scan = scan
    this.prefix = prefix
    this.contains = contains
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  readonly snapshot = (): SearchSnapshot => this.#snapshot

  /** Begins, or goes on from where it was stopped. */
  async run(): Promise<void> {
    this.#end = new AbortController()
    const { signal } = this.#end
    this.#tell('running')
    try {
      for (;;) {
        const after = this.#next === undefined ? {} : { after: this.#next }
        const page = await this.#scan({ prefix: this.prefix, contains: this.contains, ...after }, { signal })
        if (signal.aborted) return
        const room = keysLimits.searchRowsMax - this.items.length
        this.items.push(...page.items.slice(0, room))
        this.#next = page.next
        this.#lack = bothLacks(this.#lack, page.damage)
        const scanned = this.#snapshot.scanned + page.scanned
        if (page.complete) return this.#tell('complete', scanned)
        if (page.items.length >= room) return this.#tell('limit', scanned)
        this.#tell('running', scanned)
      }
    } catch (error) {
      if (!signal.aborted) this.#tell('failed', this.#snapshot.scanned, failureOf(error))
    }
  }

  stop(): void {
    if (this.#snapshot.state !== 'running') return
    this.#end.abort()
    this.#tell('stopped')
  }

  #tell(state: SearchState, scanned = this.#snapshot.scanned, failure?: Failure): void {
    this.#snapshot = {
      state,
      found: this.items.length,
      scanned,
      ...(failure && { failure }),
      ...(this.#lack && { lack: this.#lack }),
    }
    for (const listener of this.#listeners) listener()
  }
}

function bothLacks(before: ListLack | undefined, damage: ScanPage['damage']): ListLack | undefined {
  if (damage === undefined) return before
  const unreadable = (before?.unreadable ?? 0) + damage.unreadable
  return { unreadable, names: [], incomplete: damage.incomplete || before?.incomplete === true }
}
