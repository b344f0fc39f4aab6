import type { Limits } from './core/base/limits.ts'
import type { NodeDescription } from './engine/cluster/lonely-cluster.ts'

export interface NodeOptions {
  /** Name of the network that a first start founds. */
  readonly networkName: string
  /** The defaults unless given. */
  readonly limits?: Limits
  /** Told of values that were collected. */
  readonly valuesCollected?: ((facts: { readonly values: number }) => void) | undefined
  /** Told of each damaged record that keeps a value from being collected. */
  readonly damageRead?: ((facts: { readonly code: string }) => void) | undefined
  /** Told of the keys that have changed, whoever changed them, once that is durable. Must not throw. */
  readonly keysChanged?: ((keys: Iterable<string>) => void) | undefined
  /** What others are told of the node. */
  readonly description?: NodeDescription
  /** `host:port` under which others are told to reach it, of where its transport listens; these themselves unless given. */
  readonly advertise?: (listening: readonly string[]) => readonly string[]
}
