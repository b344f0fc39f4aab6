/** A server under test, in a process and a data directory of its own. */
export interface Peer {
  readonly name: 'memo' | 'etcd'
  readonly pid: number
  readonly port: number
  put(key: string, value: Uint8Array): Promise<void>
  /** The value's length, so that an empty answer is noticed. */
  get(key: string): Promise<number>
  /** Puts all of the keys in one call. */
  batch(keys: readonly string[], value: Uint8Array): Promise<void>
  /** Keys after the given one, at most `limit`. */
  list(after: string, limit: number): Promise<readonly string[]>
  /** The put of this key as a gRPC request for tools that send raw bytes. */
  rawPut(key: string, value: Uint8Array): { readonly path: string; readonly message: Uint8Array }
  rawGet(key: string): { readonly path: string; readonly message: Uint8Array }
  /** Starts it again on its data, whether it runs or was killed. */
  restart(): Promise<void>
  kill(): Promise<void>
  stop(): Promise<void>
}
