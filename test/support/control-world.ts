import type { AnyContractProcedure } from '@orpc/contract'
import { isContractProcedure } from '@orpc/contract'
import type { Router } from '@orpc/server'
import type { NodeContract } from '../../src/ipc/contract/node-contract.ts'
import { nodeContract } from '../../src/ipc/contract/node-contract.ts'
import type { Served } from '../../src/ipc/wire/wire-server.ts'
import { SystemRandom } from '../../src/node/adapters/system-random/system-random.ts'
import type { ControlContext } from '../../src/node/api/control/control-base.ts'
import { controlBase } from '../../src/node/api/control/control-base.ts'
import { EventHub } from '../../src/node/api/control/event-hub.ts'
import { eventsHandlers } from '../../src/node/api/control/events-handlers.ts'
import { kvHandlers } from '../../src/node/api/control/kv-handlers.ts'
import type { StatusSources, SystemParts } from '../../src/node/api/control/system-handlers.ts'
import { nodeStatus, systemHandlers } from '../../src/node/api/control/system-handlers.ts'
import type { KeyValueService } from '../../src/node/engine/kv/key-value-service.ts'
import type { ControlObserver } from '../../src/node/observe/control-observer.ts'
import { CodedError } from '../../src/shared/coded-error.ts'
import { NodeWorld } from './node-world.ts'

type Told = Parameters<ControlObserver['controlCallFailed']>[0]

/** A node in memory with its control face; groups that need a process around the node fail as bugs do. */
export class ControlWorld implements AsyncDisposable {
  readonly hub: EventHub
  readonly world: NodeWorld
  readonly ended: { readonly procedure: string; readonly code: string }[] = []
  readonly failed: Told[] = []
  readonly served: Served<ControlContext> & { readonly router: Router<NodeContract, ControlContext> }
  isReadOnly = false
  /** What each look at a key waits for. */
  statsHeld: Promise<void> = Promise.resolve()

  private constructor(world: NodeWorld, hub: EventHub) {
    this.world = world
    this.hub = hub
    const context: ControlContext = {
      clock: world.clock,
      random: new SystemRandom(),
      callTimeoutMs: world.limits.callTimeoutMs,
      isReadOnly: () => this.isReadOnly,
      observer: {
        controlCallEnded: ({ procedure, code }) => void this.ended.push({ procedure, code }),
        controlCallFailed: (facts) => void this.failed.push(facts),
        wireFailed: () => undefined,
      },
    }
    const system: SystemParts = {
      status: statusSources(world, () => this.isReadOnly),
      nodeVersion: '9.9.9',
      dataFormat: 1,
      capabilities: [],
    }
    const handlers = {
      ...failingHandlers(nodeContract, controlBase),
      system: systemHandlers(system),
      kv: kvHandlers({ keyValues: this.#heldKeyValues(world.node.keyValues) }),
      events: eventsHandlers({ events: hub }),
    }
    this.served = { router: handlers as unknown as Router<NodeContract, ControlContext>, context }
  }

  static async make(): Promise<ControlWorld> {
    let hub: EventHub | undefined
    const world = new NodeWorld({ keysChanged: (keys) => hub?.keysChanged(keys) })
    await world.start()
    hub = new EventHub(world.clock, {
      status: () => nodeStatus(statusSources(world, () => false)),
      jobs: () => [],
    })
    return new ControlWorld(world, hub)
  }

  #heldKeyValues(inner: KeyValueService): KeyValueService {
    const held: KeyValueService['stat'] = async (...asked) => {
      await this.statsHeld
      return await inner.stat(...asked)
    }
    return new Proxy(inner, {
      get(target, name) {
        const method: unknown = Reflect.get(target, name)
        if (name === 'stat') return held
        return typeof method === 'function' ? method.bind(target) : method
      },
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.hub.stop()
    await this.world.node.stop()
  }
}

function statusSources(world: NodeWorld, isReadOnly: () => boolean): StatusSources {
  const unknown = { p50Ms: null, p99Ms: null }
  return {
    node: () => world.node.status(),
    cluster: () => world.node.cluster.status(),
    isReadOnly,
    safeMode: false,
    pid: 1,
    plainKeys: false,
    latency: () => ({ read: unknown, write: unknown }),
    throughput: () => ({ inBytesPerSecond: 0, outBytesPerSecond: 0 }),
    daysToFull: () => null,
    grpc: () => ({ address: '127.0.0.1:7070', tls: false, auth: 'none', clients: 0 }),
  }
}

interface ContractPart {
  readonly [name: string]: ContractPart | AnyContractProcedure
}
interface BasePart {
  readonly [name: string]: BasePart & { handler(run: () => never): unknown }
}

function failingHandlers(contract: ContractPart, base: unknown): Record<string, unknown> {
  const handlers: Record<string, unknown> = {}
  for (const [name, part] of Object.entries(contract)) {
    const builder = (base as BasePart)[name]
    if (builder === undefined) throw new Error(`the base lacks ${name}`)
    handlers[name] = isContractProcedure(part) ? builder.handler(notHere) : failingHandlers(part, builder)
  }
  return handlers
}

function notHere(): never {
  throw new CodedError('internal', 'secret of the inside')
}

/** Every procedure of the contract by its path, with whether it changes something. */
export function procedures(contract: ContractPart = nodeContract, path: readonly string[] = []): readonly ProcedureFacts[] {
  return Object.entries(contract).flatMap(([name, part]) => {
    const here = [...path, name]
    return isContractProcedure(part) ? [{ path: here, mutates: part['~orpc'].meta.mutates === true }] : procedures(part, here)
  })
}

export interface ProcedureFacts {
  readonly path: readonly string[]
  readonly mutates: boolean
}
