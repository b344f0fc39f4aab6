import type { PortOffer } from '../ipc/supervision/node-messages.ts'

/** A page that may be offered ports: one load of it in one window. */
export interface OfferedPage<Port> {
  /** False when the page is gone. */
  offer(offer: PortOffer, port: Port): boolean
}

export interface PortBrokerParts<Port> {
  readonly channel: () => { readonly port1: Port; readonly port2: Port }
  /** Gives one end to the node, which serves it. */
  readonly toNode: (port: Port) => void
  /** Serves one end with the host's own contract. */
  readonly toHost: (port: Port) => void
  /** The run of the node that serves now, or undefined. */
  readonly servingEpoch: () => number | undefined
}

/**
 * Gives pages their ports and then steps aside: to the host once for each page, to the node once for each page and run of the node.
 * What goes through them is never seen here.
 */
export class PortBroker<Port> {
  readonly #parts: PortBrokerParts<Port>
  /** Pages that asked, with the last epoch that each was given. */
  readonly #pages = new Map<OfferedPage<Port>, number>()

  constructor(parts: PortBrokerParts<Port>) {
    this.#parts = parts
  }

  /** A page asked to be connected. Asking twice changes nothing. */
  connect(page: OfferedPage<Port>): void {
    if (this.#pages.has(page)) return
    this.#pages.set(page, 0)
    const { port1, port2 } = this.#parts.channel()
    this.#parts.toHost(port1)
    if (page.offer({ kind: 'host', epoch: 0 }, port2)) this.#offerNode(page)
    else this.forget(page)
  }

  /** The page was closed, or loaded anew. */
  forget(page: OfferedPage<Port>): void {
    this.#pages.delete(page)
  }

  /** A run of the node serves: every page gets a port to it. */
  nodeServes(): void {
    for (const page of this.#pages.keys()) this.#offerNode(page)
  }

  #offerNode(page: OfferedPage<Port>): void {
    const epoch = this.#parts.servingEpoch()
    const given = this.#pages.get(page)
    if (epoch === undefined || given === undefined || given >= epoch) return
    const { port1, port2 } = this.#parts.channel()
    this.#pages.set(page, epoch)
    if (page.offer({ kind: 'node', epoch }, port2)) this.#parts.toNode(port1)
    else this.forget(page)
  }
}
