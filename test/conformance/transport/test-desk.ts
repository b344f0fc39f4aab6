/** Hellos without signatures, which still name the channel that they are for, as real ones do. */
import { concatBytes, equalBytes } from '../../../src/node/core/base/bytes.ts'
import type { HelloDesk, HelloSide, HelloVerdict, Peer } from '../../../src/node/ports/transport.ts'

export interface TestIdentity {
  readonly nodeId: Uint8Array
  readonly storeId: Uint8Array
  readonly bootCount: number
  readonly network: number
  readonly joins: boolean
}

const helloBytes = 32 + 16 + 1 + 1 + 1 + 32

export function idOf(number: number): Uint8Array {
  return new Uint8Array(32).fill(number).with(31, 0)
}

export function identity(number: number, changes: Partial<TestIdentity> = {}): TestIdentity {
  return { nodeId: idOf(number), storeId: new Uint8Array(16).fill(number), bootCount: 1, network: 1, joins: false, ...changes }
}

export class TestDesk implements HelloDesk {
  readonly #own: TestIdentity
  /** Unix milliseconds at which sessions of this desk end. */
  validUntilMs = Number.MAX_SAFE_INTEGER
  /** Every hello that it was shown. */
  readonly seen: Uint8Array[] = []
  /** What it says in place of its own hello. */
  replayed: Uint8Array | undefined

  constructor(own: TestIdentity) {
    this.#own = own
  }

  ownHello(ownChannel: Uint8Array): Uint8Array {
    const { nodeId, storeId, bootCount, network, joins } = this.#own
    return this.replayed ?? concatBytes(nodeId, storeId, Uint8Array.of(bootCount, network, joins ? 1 : 0), ownChannel)
  }

  judge(hello: Uint8Array, peerChannel: Uint8Array, side: HelloSide): HelloVerdict {
    this.seen.push(hello)
    if (hello.length !== helloBytes) return { kind: 'refused', reason: 'malformed' }
    const nodeId = hello.slice(0, 32)
    const [bootCount = 0, network = 0, joins = 0] = hello.subarray(48)
    if (network !== this.#own.network) return { kind: 'refused', reason: 'foreign-network' }
    if (!equalBytes(hello.subarray(51), peerChannel)) return { kind: 'refused', reason: 'binding' }
    if (side.kind === 'dialled' && !equalBytes(side.nodeId, nodeId)) return { kind: 'refused', reason: 'not-who-was-dialled' }
    if (joins === 1) return { kind: 'joiner' }
    const rights = { read: true, write: true, store: true, invite: false, administer: false }
    const peer: Peer = { nodeId, storeId: hello.slice(32, 48), bootCount, rights }
    return { kind: 'peer', peer, validUntilMs: this.validUntilMs }
  }
}
