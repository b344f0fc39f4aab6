import { logVerbosity, Server, ServerCredentials, setLogVerbosity } from '@grpc/grpc-js'
import { HealthImplementation } from 'grpc-health-check'
import { assert } from '../../../shared/assert.ts'
import { CodedError } from '../../../shared/coded-error.ts'
import type { StorageNode } from '../../engine/storage-node.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Crypto } from '../../ports/crypto.ts'
import type { Random } from '../../ports/random.ts'
import { loadToken, requireToken } from './bearer-token.ts'
import { assertSafeBind } from './bind-safety.ts'
import { blocksFace } from './blocks-face.ts'
import { addService } from './bridge.ts'
import { ByteBudget } from './byte-budget.ts'
import type { CallHost, CallScope } from './call-scope.ts'
import type { ConnectedClients } from './client-connections.ts'
import { ClientConnections } from './client-connections.ts'
import { clusterFace } from './cluster-face.ts'
import { DeadlineQueue } from './deadline-queue.ts'
import { KeyValueStore } from './generated/memo/kvs/memo_kvs_pb.js'
import { Blocks } from './generated/memo/v1/blocks_pb.js'
import { Cluster } from './generated/memo/v1/cluster_pb.js'
import { KeyValue } from './generated/memo/v1/key_value_pb.js'
import { ValueStore } from './generated/memo/vs/memo_vs_pb.js'
import type { GrpcObserver } from './grpc-observer.ts'
import type { GrpcServerOptions } from './grpc-server-options.ts'
import { keyValueFace } from './key-value-face.ts'
import { keyValueStoreFace } from './key-value-store-face.ts'
import { nameLibraryFailures } from './library-failures.ts'
import type { GrpcPortFacts } from './port-facts.ts'
import { grpcPortFacts } from './port-facts.ts'
import type { BoundAddress } from './port-listener.ts'
import { PortListener } from './port-listener.ts'
import type { PortTestResult } from './port-test.ts'
import { testPort } from './port-test.ts'
import { addReflection } from './reflection.ts'
import { serverTls } from './server-tls.ts'
import type { CertificateMaker } from './tls-files.ts'
import { TlsHandshakes } from './tls-handshakes.ts'
import { UnreadConnections } from './unread-connections.ts'
import { valueStoreFace } from './value-store-face.ts'

export interface GrpcServerPorts {
  readonly clock: Clock
  readonly random: Random
  readonly crypto: Pick<Crypto, 'equal'>
  readonly observer: GrpcObserver
  readonly makeCertificate: CertificateMaker
  /** A client came or went. */
  readonly clientsChanged?: () => void
}

export interface GrpcServer extends AsyncDisposable {
  /**
   * Serves when it resolves. Throws CodedError `unsafe-bind`, `port-in-use`, `config-invalid`, `key-unavailable` or
   * `store-unwritable`.
   */
  start(): Promise<BoundAddress>
  /** Refuses new calls, waits for those in flight for limits.grpcStopGraceMs, then ends them. */
  stop(): Promise<void>
  readonly clients: ConnectedClients
  /** What callers must know; from its start on. */
  facts(): GrpcPortFacts & { readonly services: string[] }
  /** A real call through the port, each step of which may take so long. */
  test(timeoutMs: number): Promise<PortTestResult>
}

/** What is called through the port. */
export type ServedServices = Pick<StorageNode, 'keyValues' | 'blocks' | 'cluster'>

const services = [KeyValueStore, ValueStore, KeyValue, Blocks, Cluster] as const

/** The gRPC port of a node. The node itself is started before it and stopped after it by whoever made both. */
export function createGrpcServer(options: GrpcServerOptions, node: ServedServices, ports: GrpcServerPorts): GrpcServer {
  const running = new RunningServer(options, node, ports)
  return {
    start: () => running.start(),
    stop: () => running.stop(),
    clients: running.clients,
    facts: () => running.facts(),
    test: (timeoutMs) => running.test(timeoutMs),
    [Symbol.asyncDispose]: () => running.stop(),
  }
}

class RunningServer {
  readonly clients: ClientConnections
  readonly #options: GrpcServerOptions
  readonly #node: ServedServices
  readonly #ports: GrpcServerPorts
  readonly #scopes = new Set<CallScope>()
  readonly #deadlines: DeadlineQueue
  readonly #answers: ByteBudget
  readonly #health = new HealthImplementation()
  #started = false
  #server: Server | undefined
  #listener: PortListener | undefined
  #unread: UnreadConnections | undefined
  #bound: BoundAddress | undefined
  #stopped: Promise<void> | undefined

  constructor(options: GrpcServerOptions, node: ServedServices, ports: GrpcServerPorts) {
    this.#options = options
    this.#node = node
    this.#ports = ports
    const { callTimeoutMs, grpcAnswerBytesMax, grpcConnectionAnswerBytesMax } = options.limits
    this.clients = new ClientConnections(ports.clock, ports.clientsChanged ?? (() => {}))
    this.#deadlines = new DeadlineQueue(ports.clock, callTimeoutMs)
    this.#answers = new ByteBudget('unread answers', grpcAnswerBytesMax, grpcConnectionAnswerBytesMax)
  }

  async start(): Promise<BoundAddress> {
    assert(!this.#started, 'a gRPC server starts once')
    this.#started = true
    assertSafeBind(this.#options)
    // The library writes failures, with metadata of callers in them, to standard error.
    setLogVerbosity(logVerbosity.NONE)
    const { host, port, limits } = this.#options
    const tls = await serverTls(this.#options, this.#ports.makeCertificate)
    const server = await this.#build()
    const { clock, observer } = this.#ports
    // TLS ends before the library, which gets what is inside.
    const injector = server.createConnectionInjector(ServerCredentials.createInsecure())
    const handshakes =
      tls &&
      new TlsHandshakes(tls, {
        clock,
        toldPerMinuteMax: limits.grpcHandshakesToldPerMinute,
        admit: (socket) => injector.injectConnection(socket),
        failed: (facts) => observer.tlsHandshakeFailed(facts),
      })
    const listener = new PortListener({
      host,
      port,
      connectionsMax: limits.grpcConnectionsMax,
      onConnection: (socket) => {
        this.clients.opened(socket)
        if (handshakes === undefined) injector.injectConnection(socket)
        else handshakes.begin(socket)
      },
      onError: (error) => observer.connectionFailed({ error }),
    })
    const address = await listener.listen()
    this.#bound = address
    this.#server = server
    this.#listener = listener
    this.#unread = new UnreadConnections(limits, clock, this.#answers, listener, (facts) => observer.unreadConnectionEnded(facts))
    this.#setHealth('SERVING')
    return address
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  facts(): GrpcPortFacts & { readonly services: string[] } {
    return { ...grpcPortFacts(this.#options, this.#address()), services: services.map((service) => service.typeName) }
  }

  test(timeoutMs: number): Promise<PortTestResult> {
    return testPort(this.#options, this.#address(), timeoutMs, this.#ports)
  }

  #address(): BoundAddress {
    if (this.#bound === undefined) throw new CodedError('not-running', 'the gRPC port is not served')
    return this.#bound
  }

  async #build(): Promise<Server> {
    const { auth, limits } = this.#options
    const { clock, random, crypto, observer } = this.#ports
    // The first is the innermost.
    const interceptors = [nameLibraryFailures()]
    if (auth.tokenPath !== undefined) interceptors.push(requireToken(await loadToken(auth.tokenPath, random), crypto, observer))
    const server = new Server({
      interceptors,
      'grpc.max_receive_message_length': limits.grpcMessageBytesMax,
      'grpc.max_send_message_length': limits.grpcMessageBytesMax,
      'grpc.max_concurrent_streams': limits.grpcStreamsMax,
      'grpc.keepalive_time_ms': limits.grpcKeepaliveMs,
      'grpc.keepalive_timeout_ms': limits.grpcKeepaliveTimeoutMs,
      'grpc.enable_channelz': 0,
    })
    const host: CallHost = {
      clock,
      random,
      observer,
      callTimeoutMs: limits.callTimeoutMs,
      unreadMaxMs: limits.grpcUnreadMaxMs,
      statusBytesMax: limits.grpcStatusBytesMax,
      requests: new ByteBudget('requests', limits.grpcRequestBytesMax, limits.grpcRequestBytesMax),
      answers: this.#answers,
      deadlines: this.#deadlines,
      clients: this.clients,
      scopes: this.#scopes,
    }
    addService(server, KeyValueStore, keyValueStoreFace(this.#node.keyValues, limits), host)
    addService(server, ValueStore, valueStoreFace(this.#node.blocks), host)
    addService(server, KeyValue, keyValueFace(this.#node.keyValues, limits), host)
    addService(server, Blocks, blocksFace(this.#node.blocks, this.#node.cluster, limits), host)
    addService(server, Cluster, clusterFace(this.#node.cluster), host)
    this.#health.addToServer(server)
    addReflection(server, services)
    return server
  }

  async #stop(): Promise<void> {
    const server = this.#server
    const listener = this.#listener
    if (server === undefined || listener === undefined) return
    this.#setHealth('NOT_SERVING')
    using _grace = this.#ports.clock.after(this.#options.limits.grpcStopGraceMs, () => this.#force(server, listener))
    const ended = listener.close()
    server.tryShutdown(() => {})
    // Not the library's word that it is done: it gives it while calls are in flight.
    await ended
    this.#deadlines[Symbol.dispose]()
    this.#unread?.[Symbol.dispose]()
  }

  #force(server: Server, listener: PortListener): undefined {
    // A change in flight may be admitted already, and is then carried out.
    for (const scope of this.#scopes)
      scope.abort(new CodedError(scope.changes ? 'outcome-unknown' : 'not-running', 'the node stops'))
    // The statuses leave before the connections close.
    setImmediate(() => {
      server.forceShutdown()
      listener.destroyConnections()
    })
  }

  #setHealth(state: 'SERVING' | 'NOT_SERVING'): void {
    for (const name of ['', ...services.map((service) => service.typeName)]) this.#health.setStatus(name, state)
  }
}
