/** The transport between nodes over links of any source: who is dialled and when, whose session stands, what is served. */
import { assert } from '../../../shared/assert.ts'
import { toHex } from '../../core/base/bytes.ts'
import type { Limits } from '../../core/base/limits.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Random } from '../../ports/random.ts'
import type {
  HelloDesk,
  Peer,
  PeerHandler,
  PeerStream,
  RequestOptions,
  SessionEnd,
  Transport,
  TransportEvents,
} from '../../ports/transport.ts'
import { Dialling } from './dialling.ts'
import type { FrameLink, LinkSource } from './frame-link.ts'
import type { GreetingOutcome } from './greeting.ts'
import { PeerBudget } from './peer-budget.ts'
import { unavailable } from './peer-failure.ts'
import { PeerSession } from './peer-session.ts'
import { Reception } from './reception.ts'
import { Route } from './route.ts'
import { RunningHandlers } from './running-handlers.ts'
import type { ComingConnection } from './session-pairs.ts'
import { SessionPairs } from './session-pairs.ts'

export interface PeerTransportOptions {
  /** Of this node. */
  readonly nodeId: Uint8Array
  readonly clock: Clock
  readonly random: Random
  readonly limits: Limits
  readonly events: TransportEvents
}

/** What stands while the transport runs. */
interface Running {
  readonly handlers: RunningHandlers
  readonly dialling: Dialling
  readonly reception: Reception
}

export class PeerTransport implements Transport {
  readonly #options: PeerTransportOptions
  readonly #links: LinkSource
  readonly #pairs: SessionPairs
  readonly #served: PeerBudget
  readonly #routes = new Map<string, Route>()
  #running: Running | undefined
  #stopped = false
  #listening: readonly string[] = []

  constructor(options: PeerTransportOptions, links: LinkSource) {
    this.#options = options
    this.#links = links
    this.#served = PeerBudget.ofAll(options.limits)
    this.#pairs = new SessionPairs({
      ownId: options.nodeId,
      connected: (peer) => this.#running?.handlers.connected(peer),
      disconnected: (peer, reason) => this.#running?.handlers.disconnected(peer, reason),
      cameToNothing: (nodeId) => this.#routes.get(toHex(nodeId))?.fail(unavailable('the node was not reached')),
    })
  }

  get listening(): readonly string[] {
    return this.#listening
  }

  get peers(): readonly Peer[] {
    return this.#pairs.peers
  }

  async start(desk: HelloDesk, handler: PeerHandler): Promise<void> {
    assert(this.#running === undefined && !this.#stopped, 'a transport starts once')
    const { nodeId, clock, limits, events } = this.#options
    const handlers = new RunningHandlers(handler)
    const shared = { desk, ownId: nodeId, clock, limits, events, pairs: this.#pairs }
    const dialling = new Dialling({ ...shared, links: this.#links })
    const reception = new Reception({
      ...shared,
      join: (body, signal) => handlers.join(body, signal),
      dials: () => dialling.count,
    })
    this.#running = { handlers, dialling, reception }
    try {
      this.#listening = await this.#links.listen((link) => {
        reception.take(link, (outcome, coming) => {
          this.#stand(link, outcome, coming, false)
        })
      })
    } catch (error) {
      this.#running = undefined
      this.#stopped = true
      await this.#links.close()
      throw error
    }
  }

  async stop(): Promise<void> {
    const running = this.#running
    if (running === undefined || this.#stopped) {
      this.#stopped = true
      return
    }
    this.#stopped = true
    const error = unavailable('the node is stopping')
    const closed = this.#links.close()
    for (const route of this.#routes.values()) route.end(error)
    running.reception.end(error)
    running.dialling.end(error)
    this.#pairs.endAll('stopped')
    this.#routes.clear()
    await closed
    await running.handlers.settled(this.#options.clock, this.#options.limits.peerStopMs)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  learn(nodeId: Uint8Array, endpoints: readonly string[]): void {
    const known = this.#routes.get(toHex(nodeId))
    if (known === undefined && endpoints.length === 0) return
    this.#routeTo(nodeId).learn(endpoints.slice(0, this.#options.limits.peerEndpointsMax))
    this.#forgetEmptyRoute(nodeId)
  }

  send(nodeId: Uint8Array, body: Uint8Array): boolean {
    assert(body.length <= this.#options.limits.peerBodyBytesMax, 'a message between nodes fits into a frame')
    const isSent = this.#isRunning && this.#sendNow(nodeId, body)
    if (!isSent) this.#dropped(nodeId, body.length)
    return isSent
  }

  async request(nodeId: Uint8Array, body: Uint8Array, options: RequestOptions): Promise<Uint8Array> {
    this.#requireFit(body)
    const session = this.#pairs.with(nodeId) ?? (await this.#reach(nodeId, body.length, options.signal))
    return await session.request(body, options)
  }

  async openStream(nodeId: Uint8Array, body: Uint8Array, signal: AbortSignal): Promise<PeerStream> {
    assert(body.length <= this.#options.limits.peerPieceBytes, 'what opens a stream between nodes is small')
    const session = this.#pairs.with(nodeId) ?? (await this.#reach(nodeId, body.length, signal))
    return session.openStream(body, signal)
  }

  async askToJoin(nodeId: Uint8Array, endpoints: readonly string[], body: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    assert(body.length <= this.#options.limits.peerJoinBytesMax, 'what asks for admission is small')
    const running = this.#running
    if (running === undefined || this.#stopped) throw unavailable('the transport does not run')
    return await running.dialling.askToJoin(nodeId, endpoints.slice(0, this.#options.limits.peerEndpointsMax), body, signal)
  }

  endSession(nodeId: Uint8Array, reason: SessionEnd): void {
    this.#routes.get(toHex(nodeId))?.end(unavailable(`the session with the node ended: ${reason}`, { reason }))
    this.#pairs.end(nodeId, reason)
    this.#forgetEmptyRoute(nodeId)
  }

  get #isRunning(): boolean {
    return this.#running !== undefined && !this.#stopped
  }

  #requireFit(body: Uint8Array): void {
    assert(body.length <= this.#options.limits.peerBodyBytesMax, 'a request between nodes is within its limit')
  }

  #sendNow(nodeId: Uint8Array, body: Uint8Array): boolean {
    const session = this.#pairs.with(nodeId)
    if (session !== undefined) return session.send(body)
    return this.#wayTo(nodeId)?.send(body) ?? false
  }

  async #reach(nodeId: Uint8Array, bytes: number, signal: AbortSignal): Promise<PeerSession> {
    const route = this.#isRunning ? this.#wayTo(nodeId) : undefined
    if (route === undefined) throw unavailable('no endpoint of the node is known')
    return await route.reach(bytes, signal)
  }

  /** Undefined where the node cannot be dialled and does not dial this one at the moment. */
  #wayTo(nodeId: Uint8Array): Route | undefined {
    return this.#routes.get(toHex(nodeId)) ?? (this.#pairs.isComing(nodeId) ? this.#routeTo(nodeId) : undefined)
  }

  #routeTo(nodeId: Uint8Array): Route {
    const name = toHex(nodeId)
    const known = this.#routes.get(name)
    if (known !== undefined) return known
    const { limits, clock, random } = this.#options
    const route = new Route({
      limits,
      clock,
      random,
      dial: (endpoints, signal) => this.#dial(nodeId, endpoints, signal),
      isComing: () => this.#pairs.isComing(nodeId),
      dropped: (bytes) => this.#dropped(nodeId, bytes),
    })
    this.#routes.set(name, route)
    return route
  }

  #forgetEmptyRoute(nodeId: Uint8Array): void {
    const name = toHex(nodeId)
    if (this.#routes.get(name)?.isEmpty === true) this.#routes.delete(name)
  }

  async #dial(nodeId: Uint8Array, endpoints: readonly string[], signal: AbortSignal): Promise<boolean> {
    const running = this.#running
    if (running === undefined) return false
    return await running.dialling.reach(nodeId, endpoints, signal, (link, outcome, coming) => {
      this.#stand(link, outcome, coming, true)
    })
  }

  /** Both ends have judged each other well. */
  #stand(
    link: FrameLink,
    { peer, validUntilMs, facts }: Extract<GreetingOutcome, { kind: 'peer' }>,
    coming: ComingConnection,
    dialled: boolean,
  ): void {
    const running = this.#running
    assert(running !== undefined, 'nobody is greeted before the start')
    const { limits, clock, events } = this.#options
    const { nodeId } = peer
    const makeSession = (): PeerSession => {
      events.sessionBegan({ nodeId, endpoint: link.endpoint, dialled })
      const session: PeerSession = new PeerSession({
        link,
        peer,
        dialled,
        validUntilMs,
        limits,
        clock,
        handler: running.handlers,
        served: this.#served,
        afterTurn: (run) => this.#links.afterTurn(run),
        ended: (reason) => {
          events.sessionEnded({ nodeId, reason })
          this.#pairs.ended(nodeId, session, reason)
        },
      })
      return session
    }
    const begin = (session: PeerSession): void => session.begin()
    if (!this.#pairs.stands(coming, { peer, dialled, ...facts }, makeSession, begin)) link.close()
    const session = this.#pairs.with(nodeId)
    if (session !== undefined) this.#routes.get(toHex(nodeId))?.reached(session)
    this.#forgetEmptyRoute(nodeId)
  }

  #dropped(nodeId: Uint8Array, bytes: number): void {
    this.#options.events.messageDropped({ nodeId, bytes })
  }
}
