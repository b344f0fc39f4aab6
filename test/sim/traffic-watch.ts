/** Counts by what hosts say to each other which states a world has reached. */
import { decodeReplicaMessages } from '../../src/node/core/consensus/replica-message-codec.ts'
import { bodyBytes, messageKindOf, requestKindOf, streamKindOf } from '../../src/node/core/wire/peer-body.ts'
import type { Transport } from '../../src/node/ports/transport.ts'

export class TrafficWatch {
  readonly counts = { elections: 0, yields: 0, 'calls to primaries': 0, 'catch-ups': 0, snapshots: 0, 'content copies': 0 }

  /** The same transport, with a look at what leaves. */
  readonly watch = (transport: Transport): Transport => ({
    get listening() {
      return transport.listening
    },
    get peers() {
      return transport.peers
    },
    start: (desk, handler) => transport.start(desk, handler),
    stop: () => transport.stop(),
    [Symbol.asyncDispose]: () => transport.stop(),
    learn: (nodeId, endpoints) => transport.learn(nodeId, endpoints),
    send: (nodeId, body) => {
      this.#sent(body)
      return transport.send(nodeId, body)
    },
    request: (nodeId, body, options) => {
      this.#asked(body)
      return transport.request(nodeId, body, options)
    },
    openStream: (nodeId, body, signal) => {
      if (streamKindOf(body) === 'snapshot') this.counts.snapshots += 1
      return transport.openStream(nodeId, body, signal)
    },
    askToJoin: (nodeId, endpoints, body, signal) => transport.askToJoin(nodeId, endpoints, body, signal),
    endSession: (nodeId, reason) => transport.endSession(nodeId, reason),
  })

  #sent(body: Uint8Array): void {
    if (messageKindOf(body) !== 'replica') return
    const messages = decodeReplicaMessages(bodyBytes(body)) ?? []
    this.counts.elections += messages.filter(({ message }) => message.kind === 'prepare').length
    this.counts.yields += messages.filter(({ message }) => message.kind === 'yield').length
  }

  #asked(body: Uint8Array): void {
    const kind = requestKindOf(body)
    if (kind === 'routed') this.counts['calls to primaries'] += 1
    else if (kind === 'entries') this.counts['catch-ups'] += 1
    else if (kind === 'content-put') this.counts['content copies'] += 1
  }
}
