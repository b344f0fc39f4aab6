import { implement } from '@orpc/server'
import type { Failure } from '../../ipc/contract/common-schemas.ts'
import type { ChangeResult, Expectation } from '../../ipc/contract/key-schemas.ts'
import { nodeContract } from '../../ipc/contract/node-contract.ts'
import { wireLimits } from '../../ipc/contract/wire-limits.ts'
import { DemoCluster } from './demo-cluster.ts'
import { DemoEvents } from './demo-events.ts'
import { demoClients, demoGrpcInfo, demoHello, demoMetrics, demoStatus } from './demo-figures.ts'
import { DemoJobs } from './demo-jobs.ts'
import { DemoKeys } from './demo-keys.ts'
import { DemoLogs, passes } from './demo-logs.ts'
import { DemoSettings } from './demo-settings.ts'

const serve = implement(nodeContract)

/** All that the demo remembers. */
export class DemoWorld {
  readonly startedMs = Date.now()
  readonly events: DemoEvents
  readonly keys: DemoKeys
  readonly jobs: DemoJobs
  readonly logs = new DemoLogs(Date.now())
  readonly settings = new DemoSettings()
  readonly cluster = new DemoCluster()

  constructor() {
    this.events = new DemoEvents((topic) => {
      if (topic === 'status') return { kind: topic, status: this.status() }
      return topic === 'jobs' ? { kind: topic, jobs: this.jobs.list() } : { kind: topic }
    })
    this.keys = new DemoKeys(Date.now() - 3_600_000, (key) => this.events.keyChanged(key))
    this.jobs = new DemoJobs(this.keys, () => this.events.tell('jobs'))
  }

  status() {
    const { startedMs, keys, settings } = this
    const cluster = this.cluster.summary()
    return demoStatus({ startedMs, keys: keys.count, liveBytes: keys.liveBytes, readOnly: settings.readOnly, cluster })
  }
}

function failure(code: Failure['code'], message: string) {
  return { data: { code, message, retryable: false, details: {} } }
}

/** What is in the way of a change; undefined where nothing is. */
function conflictOf(keys: DemoKeys, key: string, expect: Expectation): ChangeResult | undefined {
  const there = keys.get(key)
  const holds =
    expect.kind === 'any' || (expect.kind === 'absent' ? there === undefined : there?.metadata.version === expect.version)
  if (holds) return undefined
  if (there === undefined) return { kind: 'conflict' }
  const small = there.value.length <= wireLimits.conflictValueBytesMax
  return { kind: 'conflict', current: there.metadata, ...(small && { value: there.value }) }
}

function keyProcedures({ keys, settings }: DemoWorld) {
  return {
    list: serve.kv.list.handler(({ input }) => keys.list(input.prefix, input.delimiter, input.after, input.limit)),
    scan: serve.kv.scan.handler(({ input }) => {
      const rest = keys.under(input.prefix).filter((key) => input.after === undefined || key > input.after)
      const step = rest.slice(0, 400)
      const found = step.filter((key) => key.toLowerCase().includes(input.contains.toLowerCase()))
      const last = step.at(-1)
      return {
        items: found.flatMap((key) => keys.get(key)?.metadata ?? []),
        scanned: step.length,
        ...(rest.length > step.length && last !== undefined && { next: last }),
        complete: rest.length <= step.length,
      }
    }),
    stat: serve.kv.stat.handler(({ input }) => keys.get(input.key)?.metadata ?? null),
    read: serve.kv.read.handler(({ input, errors }) => {
      const entry = keys.get(input.key)
      if (entry === undefined) return null
      if (input.version !== undefined && input.version !== entry.metadata.version) {
        throw errors.FAILED(failure('revision-changed', 'The value has been replaced meanwhile.'))
      }
      return {
        metadata: entry.metadata,
        offset: input.offset,
        bytes: entry.value.slice(input.offset, input.offset + input.length),
      }
    }),
    put: serve.kv.put.handler(({ input, errors }): ChangeResult => {
      if (settings.readOnly) throw errors.FAILED(failure('permission-denied', 'The screens are read-only.'))
      const conflict = conflictOf(keys, input.key, input.expect)
      return conflict ?? { kind: 'done', metadata: keys.put(input.key, input.value, input.contentType) }
    }),
    delete: serve.kv.delete.handler(({ input, errors }): ChangeResult => {
      if (settings.readOnly) throw errors.FAILED(failure('permission-denied', 'The screens are read-only.'))
      const conflict = conflictOf(keys, input.key, input.expect)
      if (conflict !== undefined) return conflict
      const gone = keys.get(input.key)
      if (gone === undefined) throw errors.FAILED(failure('key-not-found', 'There is no such key.'))
      keys.delete(input.key)
      return { kind: 'done', metadata: gone.metadata }
    }),
  }
}

function jobProcedures({ jobs }: DemoWorld) {
  return {
    list: serve.jobs.list.handler(() => jobs.list()),
    create: serve.jobs.create.handler(({ input }) => jobs.create(input)),
    export: serve.jobs.export.handler(({ input }) => jobs.create({ kind: 'export', prefix: input.prefix })),
    feed: serve.jobs.feed.handler(({ input }) => jobs.feed(input.id, input.path, input.bytes, input.last)),
    finish: serve.jobs.finish.handler(({ input }) => jobs.end(input.id, 'done')),
    take: serve.jobs.take.handler(({ input }) => jobs.take(input.id)),
    cancel: serve.jobs.cancel.handler(({ input }) => jobs.end(input.id, 'cancelled')),
    dismiss: serve.jobs.dismiss.handler(({ input }) => {
      jobs.dismiss(input.id)
      return null
    }),
  }
}

async function* tailOf(world: DemoWorld, filter: Parameters<typeof passes>[1], signal: AbortSignal | undefined) {
  while (!signal?.aborted) {
    await new Promise((resolve) => setTimeout(resolve, 700))
    const line = world.logs.add(Date.now())
    if (passes(line, filter)) yield { kind: 'lines' as const, lines: [line] }
  }
}

/** The whole contract over what `world` remembers. */
export function demoRouter(world: DemoWorld) {
  return serve.router({
    system: {
      hello: serve.system.hello.handler(() => ({ ...demoHello, readOnly: world.settings.readOnly })),
      status: serve.system.status.handler(() => world.status()),
    },
    kv: keyProcedures(world),
    jobs: jobProcedures(world),
    events: { watch: serve.events.watch.handler(({ input, signal }) => world.events.watch(input.topics, signal)) },
    metrics: { range: serve.metrics.range.handler(({ input }) => demoMetrics(input.series, input.seconds)) },
    cluster: {
      status: serve.cluster.status.handler(() => world.cluster.status()),
      invite: serve.cluster.invite.handler(({ input, errors }) => {
        if (world.settings.readOnly) throw errors.FAILED(failure('permission-denied', 'The screens are read-only.'))
        return world.cluster.invite(input.validityMs)
      }),
      drain: serve.cluster.drain.handler(({ input: { nodeId, undo } }) => {
        const changed = world.cluster.drain(nodeId, undo)
        world.events.tell('status')
        return changed
      }),
      leave: serve.cluster.leave.handler(async function* ({ signal }) {
        for await (const progress of world.cluster.leave(signal)) {
          yield progress
          world.events.tell('status')
        }
      }),
      evict: serve.cluster.evict.handler(({ input: { nodeId } }) => {
        const changed = world.cluster.evict(nodeId)
        world.events.tell('status')
        return changed
      }),
    },
    clients: {
      list: serve.clients.list.handler(() => demoClients()),
      disconnect: serve.clients.disconnect.handler(() => null),
    },
    grpc: {
      info: serve.grpc.info.handler(() => demoGrpcInfo),
      test: serve.grpc.test.handler(() => ({
        ok: true,
        steps: (['connect', 'put', 'get', 'delete'] as const).map((name, index) => ({
          name,
          ok: true,
          ms: 0.7 + index * 0.4,
          text: '',
        })),
      })),
    },
    logs: {
      page: serve.logs.page.handler(({ input }) => world.logs.page(input.filter, input.before, input.limit)),
      tail: serve.logs.tail.handler(({ input, signal }) => tailOf(world, input.filter, signal)),
      setLevel: serve.logs.setLevel.handler(({ input }) => {
        world.logs.level = input.level
        return null
      }),
    },
    settings: {
      get: serve.settings.get.handler(() => world.settings.get()),
      put: serve.settings.put.handler(({ input }) => {
        const result =
          input.kind === 'values'
            ? world.settings.putValues(input.values, input.expect)
            : world.settings.putText(input.text, input.expect)
        world.events.tell('settings')
        world.events.tell('status')
        return result
      }),
    },
  })
}
