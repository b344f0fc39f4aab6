import { CodedError } from '../shared/coded-error.ts'
import type { RunningParts } from './compose-engines.ts'
import { composeEngines } from './compose-engines.ts'
import type { NodeOptions } from './compose-options.ts'
import type { Limits } from './core/base/limits.ts'
import { defaultLimits } from './core/base/limits.ts'
import type { BlockService } from './engine/block/block-service.ts'
import { VerifiedVersions } from './engine/block/verified-versions.ts'
import type { ClusterService } from './engine/cluster/cluster-service.ts'
import type { KeyValueService } from './engine/kv/key-value-service.ts'
import type { NodeState, NodeStatus, StorageNode } from './engine/storage-node.ts'
import { verifyNode } from './engine/verify/verify-node.ts'
import type { NodePorts } from './ports/node-ports.ts'
import type { VerifyReport } from './ports/record-store.ts'

/** Joins the engines of a node over the ports that it is given. The node owns the store from then on: `stop` closes it. */
export function createNode(options: NodeOptions, ports: NodePorts): StorageNode {
  return new ComposedNode(options, ports)
}

class ComposedNode implements StorageNode {
  readonly #options: NodeOptions
  readonly #limits: Limits
  readonly #ports: NodePorts
  #state: NodeState = 'idle'
  #starting: Promise<void> | undefined
  #stopping: Promise<void> | undefined
  #running: RunningParts | undefined
  #startedAtMs = 0

  constructor(options: NodeOptions, ports: NodePorts) {
    this.#options = options
    this.#limits = options.limits ?? defaultLimits
    this.#ports = ports
  }

  get keyValues(): KeyValueService {
    return this.#parts().keyValues
  }

  get blocks(): BlockService {
    return this.#parts().blocks
  }

  get cluster(): ClusterService {
    return this.#parts().cluster
  }

  start(signal?: AbortSignal): Promise<void> {
    if (this.#stopping !== undefined) return Promise.reject(new CodedError('not-running', 'the node was stopped'))
    this.#starting ??= this.#start(signal)
    return this.#starting
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  status(): NodeStatus {
    const { store, clock } = this.#ports
    const { network, keyValues } = this.#parts()
    const { self, networkId, descriptor, keys } = network
    const usage = store.usage()
    return {
      state: this.#state,
      identity: {
        nodeId: self.nodeId,
        networkId,
        networkName: descriptor.foundation.name,
        storeId: self.storeId,
        bootCount: self.bootCount,
        userKey: keys.user.signing.publicKey,
      },
      condition: store.condition,
      usage,
      scrub: store.scrub,
      keys: this.#state === 'running' ? keyValues.keysOf('') : 0,
      collectable: usage.families.collect.records,
      uptimeMs: clock.monotonicMs() - this.#startedAtMs,
    }
  }

  async verify(signal?: AbortSignal): Promise<VerifyReport> {
    const { network, blockParts, keyValues } = this.#parts()
    // Nothing is taken as verified that was verified before.
    const verified = new VerifiedVersions(this.#ports.crypto, 1)
    const { root, self } = network
    const isCurrent = keyValues.isCurrent.bind(keyValues)
    return await verifyNode({ ...blockParts, verified, root, nodeId: self.nodeId, isCurrent }, signal)
  }

  async #start(signal: AbortSignal | undefined): Promise<void> {
    this.#state = 'starting'
    this.#startedAtMs = this.#ports.clock.monotonicMs()
    try {
      signal?.throwIfAborted()
      const parts = { options: this.#options, ports: this.#ports, limits: this.#limits, status: () => this.status() }
      this.#running = await composeEngines(parts, signal)
      this.#state = 'running'
    } catch (error) {
      this.#state = 'failed'
      throw error
    }
  }

  async #stop(): Promise<void> {
    await this.#starting?.catch(() => undefined)
    const wasRunning = this.#state === 'running'
    if (wasRunning) this.#state = 'stopping'
    try {
      if (this.#running !== undefined) await this.#drain(this.#running)
    } finally {
      await this.#ports.store.close()
      if (this.#state !== 'failed') this.#state = 'stopped'
    }
  }

  /** Lets what was admitted finish, for as long as a call may last. What waits for a majority by then is given up, which ends the rest. */
  async #drain({ resources, giveUp }: RunningParts): Promise<void> {
    const { clock, logger } = this.#ports
    const late = Promise.withResolvers<'late'>()
    using _deadline = clock.after(this.#limits.stopTimeoutMs, () => {
      late.resolve('late')
    })
    const drained = resources.disposeAsync()
    if ((await Promise.race([drained, late.promise])) !== 'late') return
    logger.warn('the stop did not wait any longer for requests in flight', { stopTimeoutMs: this.#limits.stopTimeoutMs })
    const ended = Promise.all([giveUp(), drained])
    ended.catch((error: unknown) => logger.error('an engine failed to stop', { error }))
  }

  #parts(): RunningParts {
    if (this.#running === undefined) throw new CodedError('not-running', 'the node is not running')
    return this.#running
  }
}
