import { SystemClock } from '../../src/node/adapters/system-clock/system-clock.ts'
import { SystemRandom } from '../../src/node/adapters/system-random/system-random.ts'
import { makeCertificate } from '../../src/node/adapters/tls-certificate/make-certificate.ts'
import type { PeerCertificate } from '../../src/node/adapters/tls-transport/tls-links.ts'
import { TlsTransport } from '../../src/node/adapters/tls-transport/tls-transport.ts'
import { defaultLimits } from '../../src/node/core/base/limits.ts'
import type { Peer, PeerHandler, PeerStream, Transport } from '../../src/node/ports/transport.ts'
import { identity, TestDesk } from '../conformance/transport/test-desk.ts'

export function benchCertificate(): PeerCertificate {
  const { certificatePem, keyPem } = makeCertificate(['memo'])
  return { cert: certificatePem, key: keyPem }
}

export function openTransport(number: number): { readonly transport: TlsTransport; readonly desk: TestDesk } {
  const own = identity(number)
  const none = () => undefined
  const transport = new TlsTransport({
    nodeId: own.nodeId,
    clock: new SystemClock(),
    random: new SystemRandom(),
    limits: defaultLimits,
    listen: ['127.0.0.1:0'],
    makeCertificate: benchCertificate,
    events: { sessionBegan: none, sessionEnded: none, helloRefused: none, dialFailed: none, messageDropped: none },
  })
  return { transport, desk: new TestDesk(own) }
}

/** Sends messages and requests back; takes streams, and says in the end that all is there. */
export class EchoHandler implements PeerHandler {
  readonly #transport: Transport
  /** Called with what comes back. */
  heard: ((body: Uint8Array) => void) | undefined

  constructor(transport: Transport) {
    this.#transport = transport
  }

  connected(): void {
    // Whoever measures waits for its first answer.
  }

  disconnected(): void {
    // What is under way fails by itself.
  }

  message(peer: Peer, body: Uint8Array): void {
    if (this.heard === undefined) this.#transport.send(peer.nodeId, body)
    else this.heard(body)
  }

  async request(_peer: Peer, body: Uint8Array): Promise<Uint8Array> {
    return body
  }

  async stream(_peer: Peer, _body: Uint8Array, stream: PeerStream): Promise<void> {
    let bytes = 0
    for await (const piece of stream.pieces) bytes += piece.length
    await stream.write(Uint8Array.of(bytes > 0 ? 1 : 0))
  }

  async join(body: Uint8Array): Promise<Uint8Array> {
    return body
  }
}
