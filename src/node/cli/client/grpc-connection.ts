import { once } from 'node:events'
import { isIP } from 'node:net'
import type { DescMessage, DescMethod, MessageInitShape, MessageShape } from '@bufbuild/protobuf'
import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { MethodOptions_IdempotencyLevel } from '@bufbuild/protobuf/wkt'
import type { CallOptions, ChannelCredentials, ClientReadableStream, ServiceError } from '@grpc/grpc-js'
import { Client, credentials, Metadata } from '@grpc/grpc-js'
import { CodedError } from '../../../shared/coded-error.ts'
import { hostPortText } from '../../config/host-port.ts'
import type { ConnectionOptions, TlsOptions } from './connection-options.ts'
import type { CallTarget } from './status-error.ts'
import { codedFromStatus, noAnswerInTime } from './status-error.ts'

type Method<Input extends DescMessage, Output extends DescMessage> = DescMethod & {
  readonly input: Input
  readonly output: Output
}

export interface CallControl {
  readonly signal?: AbortSignal | undefined
}

/** One connection to a node. Calls take a method's description from the generated code and plain values. */
export interface GrpcConnection extends Disposable {
  unary<Input extends DescMessage, Output extends DescMessage>(
    method: Method<Input, Output>,
    input: MessageInitShape<Input>,
    control?: CallControl,
  ): Promise<MessageShape<Output>>
  /** Sends what the iterable gives, no faster than it is taken. */
  upload<Input extends DescMessage, Output extends DescMessage>(
    method: Method<Input, Output>,
    inputs: AsyncIterable<MessageInitShape<Input>>,
    control?: CallControl,
  ): Promise<MessageShape<Output>>
  /** Leaving the loop early cancels the call. */
  download<Input extends DescMessage, Output extends DescMessage>(
    method: Method<Input, Output>,
    input: MessageInitShape<Input>,
    control?: CallControl,
  ): AsyncIterable<MessageShape<Output>>
}

const messageBytesMax = 64 * 1024 * 1024 + 64 * 1024
/** A stream may take as long as its value is large; this only ends one that hangs for a day. */
const streamTimeoutMs = 24 * 60 * 60 * 1000
/** A node that starts again is found soon; the library by itself would let up to two minutes pass between two tries. */
const reconnectFirstMs = 200
const reconnectMaxMs = 1000
/** A stream notices a node that went away without a word. */
const keepaliveMs = 60_000
const keepaliveTimeoutMs = 20_000

export function connect(options: ConnectionOptions): GrpcConnection {
  const address = hostPortText(options.address)
  const targetOf = ({ idempotency }: DescMethod): CallTarget => {
    const changes = idempotency !== MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS
    return { address, tls: options.tls !== undefined, certificate: options.tls?.certificate !== undefined, changes }
  }
  // grpc-js hands an IP address to TLS as a server name, and Node warns of that for lack of anything that a caller could do.
  if (options.tls !== undefined && isIP(options.address.host) !== 0) process.noDeprecation = true
  const client = new Client(address, channelCredentials(options.tls), {
    'grpc.max_receive_message_length': messageBytesMax,
    'grpc.max_send_message_length': messageBytesMax,
    'grpc.primary_user_agent': 'memo-cli',
    'grpc.initial_reconnect_backoff_ms': reconnectFirstMs,
    'grpc.max_reconnect_backoff_ms': reconnectMaxMs,
    'grpc.enable_http_proxy': 0, // proxies in the environment are for the web, and know nothing of this computer's ports
    'grpc.keepalive_time_ms': keepaliveMs,
    'grpc.keepalive_timeout_ms': keepaliveTimeoutMs,
    ...(options.tls?.serverName !== undefined && {
      'grpc.ssl_target_name_override': options.tls.serverName,
      'grpc.default_authority': options.tls.serverName,
    }),
  })
  const metadata = new Metadata()
  if (options.token !== undefined) metadata.set('authorization', `Bearer ${options.token}`)
  const callOptions = (timeoutMs: number): CallOptions => ({ deadline: Date.now() + timeoutMs })
  return {
    unary: (method, input, control) =>
      new Promise((resolve, reject) => {
        const { path, serialize, deserialize } = codec(method)
        const call = client.makeUnaryRequest(
          path,
          serialize,
          deserialize,
          create(method.input, input),
          metadata,
          callOptions(options.timeoutMs),
          (error, answer) => settle(error, answer, resolve, reject, targetOf(method)),
        )
        cancelWith(control?.signal, call, reject)
      }),
    upload: (method, inputs, control) =>
      new Promise((resolve, reject) => {
        const { path, serialize, deserialize } = codec(method)
        const call = client.makeClientStreamRequest(
          path,
          serialize,
          deserialize,
          metadata,
          callOptions(streamTimeoutMs),
          (error, answer) => settle(error, answer, resolve, reject, targetOf(method)),
        )
        cancelWith(control?.signal, call, reject)
        const patience = new Patience(options.timeoutMs, () => {
          reject(noAnswerInTime(targetOf(method)))
          call.cancel()
        })
        call.on('status', () => patience.end())
        pump(method.input, inputs, call, patience).catch((error: unknown) => {
          reject(error)
          call.cancel()
        })
      }),
    download(method, input, control) {
      const { path, serialize, deserialize } = codec(method)
      const start = () => {
        const call = client.makeServerStreamRequest(
          path,
          serialize,
          deserialize,
          create(method.input, input),
          metadata,
          callOptions(streamTimeoutMs),
        )
        cancelWith(control?.signal, call, () => {})
        return call
      }
      return { [Symbol.asyncIterator]: () => received(start(), targetOf(method), options.timeoutMs, control?.signal) }
    },
    [Symbol.dispose]: () => client.close(),
  }
}

function channelCredentials(tls: TlsOptions | undefined): ChannelCredentials {
  if (tls === undefined) return credentials.createInsecure()
  try {
    return credentials.createSsl(tls.rootCertificates ?? null, tls.privateKey ?? null, tls.certificate ?? null)
  } catch (error) {
    throw new CodedError('invalid-argument', `the TLS files cannot be used: ${(error as Error).message}`, { cause: error })
  }
}

function codec<Input extends DescMessage, Output extends DescMessage>(method: Method<Input, Output>) {
  return {
    path: `/${method.parent.typeName}/${method.name}`,
    serialize: (message: MessageShape<Input>) => Buffer.from(toBinary(method.input, message)),
    deserialize: (bytes: Buffer) => fromBinary(method.output, bytes),
  }
}

function settle<Answer>(
  error: ServiceError | null,
  answer: Answer | undefined,
  resolve: (answer: Answer) => void,
  reject: (error: unknown) => void,
  target: CallTarget,
): void {
  if (error !== null) reject(codedFromStatus(error, target))
  else if (answer === undefined) reject(new CodedError('internal', 'the node answered without a message'))
  else resolve(answer)
}

function cancelWith(
  signal: AbortSignal | undefined,
  call: { cancel(): void; on(event: 'status', done: () => void): unknown },
  reject: (error: unknown) => void,
): void {
  if (signal === undefined) return
  const cancel = () => {
    reject(signal.reason)
    call.cancel()
  }
  if (signal.aborted) {
    cancel()
    return
  }
  signal.addEventListener('abort', cancel, { once: true })
  call.on('status', () => signal.removeEventListener('abort', cancel))
}

interface Sink<Message> {
  write(message: Message): boolean
  end(): void
  once(event: string, listener: () => void): unknown
  readonly destroyed: boolean
}

/** Runs while the other side has to do something, and not while this one has. */
class Patience {
  readonly #timeoutMs: number
  readonly #lost: () => void
  #timer: NodeJS.Timeout | undefined

  constructor(timeoutMs: number, lost: () => void) {
    this.#timeoutMs = timeoutMs
    this.#lost = lost
  }

  begin(): void {
    this.end()
    this.#timer = setTimeout(this.#lost, this.#timeoutMs)
  }

  end(): void {
    clearTimeout(this.#timer)
  }
}

async function pump<Input extends DescMessage>(
  schema: Input,
  inputs: AsyncIterable<MessageInitShape<Input>>,
  call: Sink<MessageShape<Input>> & NodeJS.EventEmitter,
  patience: Patience,
): Promise<void> {
  let ended = false
  const over = new Promise<void>((resolve) => {
    call.once('status', () => {
      ended = true
      resolve()
    })
  })
  for await (const input of inputs) {
    if (ended) return // the node has answered already: its status says why
    if (call.write(create(schema, input))) continue
    patience.begin()
    await Promise.race([once(call, 'drain'), over])
    patience.end()
  }
  if (ended) return
  call.end()
  patience.begin()
}

async function* received<Message>(
  call: ClientReadableStream<Message>,
  target: CallTarget,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): AsyncIterator<Message> {
  let isLate = false
  const patience = new Patience(timeoutMs, () => {
    isLate = true
    call.cancel()
  })
  try {
    patience.begin()
    for await (const message of call) {
      patience.end()
      yield message as Message
      patience.begin()
    }
  } catch (error) {
    if (signal?.aborted) throw signal.reason
    if (isLate) throw noAnswerInTime(target, error)
    throw error instanceof Error && 'details' in error ? codedFromStatus(error as ServiceError, target) : error
  } finally {
    patience.end()
    call.cancel()
  }
}
