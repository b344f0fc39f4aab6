import type { SecureContext } from 'node:tls'
import { connect, createSecureContext } from 'node:tls'
import type { DescMessage, DescMethod, MessageInitShape, MessageShape } from '@bufbuild/protobuf'
import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { Client, ChannelCredentials as Credentials, credentials, Metadata } from '@grpc/grpc-js'
import { equalBytes, toHex } from '../../core/base/bytes.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Random } from '../../ports/random.ts'
import { KeyValue } from './generated/memo/v1/key_value_pb.js'
import type { GrpcServerOptions } from './grpc-server-options.ts'
import { reachableHost } from './port-facts.ts'
import type { BoundAddress } from './port-listener.ts'
import { readPlainFile, readSecretFile, reasonOf } from './secret-file.ts'

export interface PortTestPorts {
  readonly clock: Clock
  readonly random: Random
}

export interface PortTestStep {
  readonly name: 'connect' | 'put' | 'get' | 'delete'
  readonly ok: boolean
  readonly ms: number
  readonly text: string
}

export interface PortTestResult {
  readonly ok: boolean
  /** The first that failed is the last. */
  readonly steps: PortTestStep[]
}

/** Keys of tests begin with it; none is left when a test is over. */
export const testKeyPrefix = '.memo/test/'
const valueBytes = 64

/** Calls a port like every other program: connects, then puts, gets and deletes a key of its own. */
export async function testPort(
  options: Pick<GrpcServerOptions, 'auth' | 'tls'>,
  bound: BoundAddress,
  timeoutMs: number,
  ports: PortTestPorts,
): Promise<PortTestResult> {
  const run = new PortTestRun(timeoutMs, ports)
  if (options.auth.clientCaPath !== undefined) {
    await run.step('connect', async () => {
      await handshake(await contextOf(options), bound, timeoutMs)
      return 'the port answers with its certificate; it asks callers for theirs, and the node has none, so that only the server was tested'
    })
    return run.result
  }
  await run.calls(options, bound)
  return run.result
}

class PortTestRun {
  readonly #timeoutMs: number
  readonly #ports: PortTestPorts
  readonly #steps: PortTestStep[] = []

  constructor(timeoutMs: number, ports: PortTestPorts) {
    this.#timeoutMs = timeoutMs
    this.#ports = ports
  }

  get result(): PortTestResult {
    return { ok: this.#steps.every(({ ok }) => ok), steps: this.#steps }
  }

  async calls(options: Pick<GrpcServerOptions, 'auth' | 'tls'>, bound: BoundAddress): Promise<void> {
    const key = testKeyPrefix + toHex(this.#ports.random.bytes(16))
    const value = this.#ports.random.bytes(valueBytes)
    let client: TestClient | undefined
    const connected = await this.step('connect', async () => {
      client = await TestClient.make(options, bound)
      await client.ready(this.#deadlineMs())
      return options.tls === undefined ? 'connected' : 'connected over TLS'
    })
    if (client === undefined) return
    using caller: TestClient = client
    if (!connected) return
    const { put, get, delete: remove } = KeyValue.method
    const stored = await this.step('put', async () => {
      const { metadata } = await caller.call(put, { key, value }, this.#deadlineMs())
      return `${valueBytes} bytes stored as version ${metadata?.version ?? 0n}`
    })
    if (!stored) return
    const same = await this.step('get', async () => {
      const answer = await caller.call(get, { key }, this.#deadlineMs())
      if (!equalBytes(answer.value, value)) throw new Error('other bytes came back than were stored')
      return 'the same bytes came back'
    })
    const removal = async () => {
      await caller.call(remove, { key }, this.#deadlineMs())
      return 'removed'
    }
    if (same) await this.step('delete', removal)
    else await removal().catch(() => undefined) // what failed before is what is told
  }

  async step(name: PortTestStep['name'], action: () => Promise<string>): Promise<boolean> {
    const startedMs = this.#ports.clock.monotonicMs()
    const took = () => Math.round((this.#ports.clock.monotonicMs() - startedMs) * 100) / 100
    try {
      const text = await action()
      this.#steps.push({ name, ok: true, ms: took(), text })
      return true
    } catch (error) {
      this.#steps.push({ name, ok: false, ms: took(), text: failureText(error) })
      return false
    }
  }

  #deadlineMs(): number {
    return this.#ports.clock.nowMs() + this.#timeoutMs
  }
}

/** One connection of its own, shared with nobody. */
class TestClient implements Disposable {
  readonly #client: Client
  readonly #metadata = new Metadata()

  private constructor(client: Client, token: string | undefined) {
    this.#client = client
    if (token !== undefined) this.#metadata.set('authorization', `Bearer ${token}`)
  }

  static async make(options: Pick<GrpcServerOptions, 'auth' | 'tls'>, { host, port }: BoundAddress): Promise<TestClient> {
    const { tokenPath } = options.auth
    const token = tokenPath === undefined ? undefined : (await readSecretFile(tokenPath)).trim()
    const channel =
      options.tls === undefined
        ? credentials.createInsecure()
        : // Whose certificate it is decides, not the name by which the node calls itself here.
          Credentials.createFromSecureContext(await contextOf(options), { checkServerIdentity: () => undefined })
    const reachable = reachableHost(host)
    const target = reachable.includes(':') ? `[${reachable}]:${port}` : `${reachable}:${port}`
    const settings = {
      'grpc.use_local_subchannel_pool': 1,
      'grpc.enable_http_proxy': 0,
      'grpc.primary_user_agent': 'memo-test',
      ...(options.tls !== undefined && { 'grpc.ssl_target_name_override': 'localhost' }),
    }
    return new TestClient(new Client(target, channel, settings), token)
  }

  ready(deadlineMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#client.waitForReady(deadlineMs, (error) => {
        if (error === undefined) resolve()
        else reject(new Error('no connection came about in time', { cause: error }))
      })
    })
  }

  call<Input extends DescMessage, Output extends DescMessage>(
    method: DescMethod & { readonly input: Input; readonly output: Output },
    input: MessageInitShape<Input>,
    deadline: number,
  ): Promise<MessageShape<Output>> {
    const { promise, resolve, reject } = Promise.withResolvers<MessageShape<Output>>()
    this.#client.makeUnaryRequest(
      `/${method.parent.typeName}/${method.name}`,
      (message: MessageShape<Input>) => Buffer.from(toBinary(method.input, message)),
      (bytes: Buffer) => fromBinary(method.output, new Uint8Array(bytes)),
      create(method.input, input),
      this.#metadata,
      { deadline },
      (error, answer) => {
        if (error !== null || answer === undefined) reject(error)
        else resolve(answer)
      },
    )
    return promise
  }

  [Symbol.dispose](): void {
    this.#client.close()
  }
}

/** Trusts exactly the certificates in the file of the port. */
async function contextOf({ tls }: Pick<GrpcServerOptions, 'tls'>): Promise<SecureContext> {
  const ca = tls === undefined ? '' : await readPlainFile(tls.certificatePath)
  return createSecureContext({ ca, allowPartialTrustChain: true })
}

function handshake(secureContext: SecureContext, { host, port }: BoundAddress, timeoutMs: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const socket = connect({
    host: reachableHost(host),
    port,
    secureContext,
    servername: 'localhost',
    ALPNProtocols: ['h2'],
    checkServerIdentity: () => undefined,
  })
  socket.setTimeout(timeoutMs, () => socket.destroy(new Error('no connection came about in time')))
  socket.once('secureConnect', () => resolve())
  socket.once('error', reject)
  return promise.finally(() => {
    socket.on('error', () => {}) // a caller without a certificate is turned away: expected
    socket.destroy()
  })
}

function failureText(error: unknown): string {
  const details = error instanceof Error && 'details' in error ? error.details : undefined
  return typeof details === 'string' && details !== '' ? details : reasonOf(error)
}
