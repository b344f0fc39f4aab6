import { z } from 'zod'
import type { HostEvent, NodeRun } from '../../ipc/contract/host-contract.ts'
import { hostContract } from '../../ipc/contract/host-contract.ts'
import { nodeContract } from '../../ipc/contract/node-contract.ts'
import { wireLimits } from '../../ipc/contract/wire-limits.ts'
import { connectPort } from '../../ipc/wire/wire-client.ts'
import { backOffMs } from './back-off.ts'
import type { Connection } from './connection-store.ts'
import { ConnectionStore } from './connection-store.ts'
import { openSession } from './open-session.ts'

const offerSchema = z.object({ kind: z.enum(['host', 'node']), epoch: z.number().int() })

const silenceMs = wireLimits.heartbeatMs * wireLimits.heartbeatsMissedMax

/** The desktop: two ports that the preload forwards, `host` once for the page, `node` once for each run of the node. */
export class PortConnection extends ConnectionStore implements Connection {
  readonly #offer: () => unknown
  readonly #window: Window
  readonly #seen = new Set<string>()
  #stopped = new AbortController()
  #node: { close(): void } | undefined
  #epoch = -1

  constructor(offer: () => unknown, ownWindow: Window = window) {
    super()
    this.#offer = offer
    this.#window = ownWindow
  }

  readonly start = (): void => {
    this.#stopped = new AbortController()
    this.#window.addEventListener('message', this.#accept, { signal: this.#stopped.signal })
    this.#offer()
  }

  readonly stop = (): void => {
    this.#stopped.abort()
    this.#node?.close()
  }

  /** The host brings a new port by itself when there is a node. */
  readonly retry = (): void => {
    void this.snapshot()
      .host?.client.node.start()
      .catch(() => undefined)
  }

  /** The desktop's own page needs no session. */
  readonly signIn = async (): Promise<boolean> => true

  /** Only from this page itself, and only once for each kind and epoch. */
  readonly #accept = (event: MessageEvent): void => {
    if (event.source !== this.#window || event.origin !== this.#window.location.origin) return
    const offer = offerSchema.safeParse(event.data)
    const port = event.ports[0]
    if (!offer.success || port === undefined) return
    const name = `${offer.data.kind} ${offer.data.epoch}`
    if (this.#seen.has(name)) return
    this.#seen.add(name)
    if (offer.data.kind === 'host') void this.#takeHost(port)
    else void this.#takeNode(port, offer.data.epoch)
  }

  async #takeHost(port: MessagePort): Promise<void> {
    const client = connectPort(hostContract, port).call
    const signal = this.#stopped.signal
    for (let failures = 0; !signal.aborted; failures += 1) {
      try {
        this.update({ host: { client, capabilities: await client.capabilities() } })
        for await (const event of await client.watch(undefined, { signal })) this.#hear(event)
      } catch {
        // The host outlives the page, so that only a fault of it ends the stream.
      }
      await new Promise((resolve) => setTimeout(resolve, backOffMs(failures)))
    }
  }

  #hear(event: HostEvent): void {
    if (event.kind === 'window') this.update({ visible: event.visible })
    else if (event.kind === 'command') this.command(event.command)
    else {
      this.update({ run: event.run })
      this.#follow(event.run.state)
    }
  }

  /** The supervisor hears the heartbeats of the node, and tells when they stay away. */
  #follow(run: NodeRun['state']): void {
    const { link } = this.snapshot()
    if (link.state !== 'open' && link.state !== 'silent') return
    if (run === 'not-responding' && link.state === 'open')
      this.update({ link: { state: 'silent', sinceMs: Date.now() - silenceMs } })
    if (run === 'running' && link.state === 'silent') this.update({ link: { state: 'open' } })
    if (run !== 'running' && run !== 'not-responding') this.#lose()
  }

  async #takeNode(port: MessagePort, epoch: number): Promise<void> {
    if (epoch <= this.#epoch) return port.close()
    this.#epoch = epoch
    this.#node?.close()
    const wire = connectPort(nodeContract, port)
    this.#node = wire
    void wire.closed.then(() => {
      if (this.#epoch === epoch) this.#lose()
    })
    try {
      const opened = await openSession(wire.call, epoch)
      if (this.#epoch === epoch) this.update(opened)
    } catch {
      if (this.#epoch === epoch) this.#lose()
    }
  }

  #lose(): void {
    if (this.snapshot().link.state === 'mismatch') return
    this.update({ link: { state: 'lost', sinceMs: Date.now() } })
  }
}
