/** One connection of a memory network: two links, and a lane for each direction in which frames keep their order. */
import type { Random } from '../../ports/random.ts'
import type { FrameLink, LinkReceiver } from '../peer-session/frame-link.ts'
import type { PeerFrame } from '../peer-session/peer-frame.ts'

/** What the owner of a network decides. Endpoints are named as they were given to their transports. */
export interface NetworkHooks {
  /** One message on its way; each run delivers it once, and none loses it. */
  deliver(from: string, to: string, bytes: Uint8Array, run: () => void): void
  /** Anything else on its way; to be run once, at any later time: what was sent before it arrives before it in any case. */
  carry(from: string, to: string, run: () => void): void
}

/** What a connection has to know of its network. */
interface Ways {
  readonly hooks: NetworkHooks
  isCut(from: string, to: string): boolean
}

interface ConnectionOptions {
  readonly from: string
  readonly to: string
  readonly random: Random
  /** Neither end hears of it any more. */
  readonly ended: () => void
}

/** Something on its way, in the order in which it was sent. */
interface Carried {
  hasArrived: boolean
  readonly run: () => void
}

const channelBytes = 32

export class MemoryConnection {
  readonly dialler: MemoryLink
  readonly accepter: MemoryLink
  readonly #network: Ways
  readonly #ended: () => void
  readonly #lanes: ReadonlyMap<string, Carried[]>

  constructor(network: Ways, { from, to, random, ended }: ConnectionOptions) {
    const [diallerChannel, accepterChannel] = [random.bytes(channelBytes), random.bytes(channelBytes)]
    this.#network = network
    this.#ended = ended
    this.#lanes = new Map([
      [from, []],
      [to, []],
    ])
    this.dialler = new MemoryLink(this, { own: from, endpoint: to, ownChannel: diallerChannel, peerChannel: accepterChannel })
    this.accepter = new MemoryLink(this, { own: to, endpoint: from, ownChannel: accepterChannel, peerChannel: diallerChannel })
  }

  touches(endpoint: string): boolean {
    return this.#lanes.has(endpoint)
  }

  joins(left: string, right: string): boolean {
    return this.touches(left) && this.touches(right)
  }

  /** Runs when it has arrived at the other end, behind what was posted before it. */
  post(from: string, run: () => void): void {
    const carried: Carried = { hasArrived: false, run }
    this.#lanes.get(from)?.push(carried)
    const to = this.#otherThan(from)
    this.#network.hooks.carry(from, to, () => {
      carried.hasArrived = true
      this.flow(from, to)
    })
  }

  /** Lets arrive what has come through and is not held back. */
  flow(from: string, to: string): void {
    const lane = this.#lanes.get(from)
    if (lane === undefined || !this.touches(to)) return
    while (lane[0]?.hasArrived === true && !this.#network.isCut(from, to)) lane.shift()?.run()
  }

  message(from: MemoryLink, body: Uint8Array): void {
    const to = from === this.dialler ? this.accepter : this.dialler
    const passes = () => !this.#network.isCut(from.own, to.own)
    if (!passes()) return
    this.#network.hooks.deliver(from.own, to.own, body, () => {
      if (passes()) to.takeMessage(body)
    })
  }

  frame(from: MemoryLink, frame: PeerFrame): void {
    const to = this.#otherEnd(from)
    this.post(from.own, () => to.take(frame))
  }

  closedBy(from: MemoryLink): void {
    const to = this.#otherEnd(from)
    this.post(from.own, () => this.#lose(to))
    this.#endIfOver()
  }

  /** Both ends learn that it is broken. */
  reset(): void {
    for (const lane of this.#lanes.values()) lane.length = 0
    this.#lose(this.dialler)
    this.#lose(this.accepter)
  }

  vanish(endpoint: string, silently: boolean): void {
    const [gone, other] = this.dialler.own === endpoint ? [this.dialler, this.accepter] : [this.accepter, this.dialler]
    gone.die()
    if (!silently) this.post(gone.own, () => this.#lose(other))
    this.#endIfOver()
  }

  #lose(link: MemoryLink): void {
    link.lose()
    this.#endIfOver()
  }

  #endIfOver(): void {
    if (this.dialler.isOver && this.accepter.isOver) this.#ended()
  }

  #otherEnd(link: MemoryLink): MemoryLink {
    return link === this.dialler ? this.accepter : this.dialler
  }

  #otherThan(endpoint: string): string {
    return endpoint === this.dialler.own ? this.accepter.own : this.dialler.own
  }
}

export class MemoryLink implements FrameLink {
  readonly own: string
  readonly endpoint: string
  readonly address: string
  readonly ownChannel: Uint8Array
  readonly peerChannel: Uint8Array
  readonly #connection: MemoryConnection
  #receiver: LinkReceiver | undefined
  /** What came before anybody received it. */
  #early: PeerFrame[] = []
  #isOpen = false
  #isOver = false

  constructor(
    connection: MemoryConnection,
    ends: { readonly own: string; readonly endpoint: string; readonly ownChannel: Uint8Array; readonly peerChannel: Uint8Array },
  ) {
    this.#connection = connection
    this.own = ends.own
    this.endpoint = ends.endpoint
    this.address = ends.endpoint
    this.ownChannel = ends.ownChannel
    this.peerChannel = ends.peerChannel
  }

  /** Whether this end hears nothing more. */
  get isOver(): boolean {
    return this.#isOver
  }

  receive(receiver: LinkReceiver): void {
    this.#receiver = receiver
    if (this.#isOver) receiver.closed('lost')
    for (const frame of this.#early.splice(0)) this.#receiver.frame(frame)
  }

  opened(): void {
    this.#isOpen = true
  }

  write(frames: readonly PeerFrame[]): boolean {
    if (this.#isOver) return true
    for (const frame of frames) {
      if (frame.kind === 'message') for (const body of frame.bodies) this.#connection.message(this, body)
      else this.#connection.frame(this, frame)
    }
    return true
  }

  close(): void {
    if (this.#isOver) return
    this.die()
    this.#connection.closedBy(this)
  }

  slow(): void {
    // In memory nobody is dialled too often.
  }

  take(frame: PeerFrame): void {
    if (this.#isOver) return
    if (this.#receiver === undefined) this.#early.push(frame)
    else this.#receiver.frame(frame)
  }

  /** Messages that overtook the greeting are lost: whoever sends has a timer. */
  takeMessage(body: Uint8Array): void {
    if (this.#isOpen && !this.#isOver) this.#receiver?.frame({ kind: 'message', bodies: [body] })
  }

  lose(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#receiver?.closed('lost')
  }

  die(): void {
    this.#isOver = true
    this.#early = []
  }
}
