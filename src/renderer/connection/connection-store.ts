import type { HostCapabilities, NodeRun } from '../../ipc/contract/host-contract.ts'
import type { Hello } from '../../ipc/contract/status-schemas.ts'
import type { HostClient, NodeClient } from './clients.ts'

/** One run of the node, or one socket to it. Everything that was asked of an earlier epoch is asked again in the next. */
export interface NodeSession {
  readonly epoch: number
  readonly client: NodeClient
  readonly hello: Hello
}

/** `ended`: there was a session; `leaving`: it is ended here, on purpose, and the node has not answered yet; `left`: it has; `restarted`: it went with an earlier run of the node; `refused`: the link is used up or too old. */
export type SignedOutReason = 'none' | 'ended' | 'leaving' | 'left' | 'restarted' | 'refused'

export type NodeLink =
  | { readonly state: 'connecting' }
  | { readonly state: 'open' }
  /** The session is open, and nothing has come from its node since then; its data is shown as stale, and its calls still wait. */
  | { readonly state: 'silent'; readonly sinceMs: number }
  /** The session that the snapshot still carries is gone; its data is shown as stale. */
  | { readonly state: 'lost'; readonly sinceMs: number; readonly retryAtMs?: number }
  | { readonly state: 'signed-out'; readonly reason: SignedOutReason }
  | { readonly state: 'mismatch'; readonly nodeVersion: string; readonly contractVersion: number }

export interface HostLink {
  readonly client: HostClient
  readonly capabilities: HostCapabilities
}

export interface ConnectionSnapshot {
  readonly link: NodeLink
  /** The last session that was open. */
  readonly session: NodeSession | undefined
  readonly host: HostLink | undefined
  /** Where the host supervises the node. */
  readonly run: NodeRun | undefined
  readonly visible: boolean
  /** When this browser signed in to the web console, in Unix milliseconds. */
  readonly signedInMs?: number
}

export interface Connection {
  readonly snapshot: () => ConnectionSnapshot
  readonly subscribe: (listener: () => void) => () => void
  /** Entries of the host's menu, by their names in the shortcut registry. */
  readonly onCommand: (listener: (command: string) => void) => () => void
  readonly start: () => void
  readonly stop: () => void
  /** Does not wait for the next attempt. */
  readonly retry: () => void
  /** With a link of the web console; false where it was refused. */
  readonly signIn: (link: string) => Promise<boolean>
}

/** The part that all connections share: what is known, and who wants to hear of it. */
export class ConnectionStore {
  readonly #listeners = new Set<() => void>()
  readonly #commandListeners = new Set<(command: string) => void>()
  #snapshot: ConnectionSnapshot = {
    link: { state: 'connecting' },
    session: undefined,
    host: undefined,
    run: undefined,
    visible: true,
  }

  readonly snapshot = (): ConnectionSnapshot => this.#snapshot

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  readonly onCommand = (listener: (command: string) => void): (() => void) => {
    this.#commandListeners.add(listener)
    return () => this.#commandListeners.delete(listener)
  }

  update(change: Partial<ConnectionSnapshot>): void {
    this.#snapshot = { ...this.#snapshot, ...change }
    for (const listener of this.#listeners) listener()
  }

  command(name: string): void {
    for (const listener of this.#commandListeners) listener(name)
  }
}
