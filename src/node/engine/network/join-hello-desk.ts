import { encodeHello, spokenVersions } from '../../core/access/hello.ts'
import { judgeInviter } from '../../core/access/judge-hello.ts'
import { noRights } from '../../core/access/rights.ts'
import { nodeIdOf } from '../../core/access/user-keys.ts'
import type { HelloDesk, HelloSide, HelloVerdict } from '../../ports/transport.ts'
import type { DeskParts } from './hello-desk.ts'
import { bindNow, questionOf, refusal } from './hello-desk.ts'

export interface JoinDeskParts extends DeskParts {
  /** SHA-256 of the inviting node's public key, as the link names it. */
  readonly inviter: Uint8Array
}

/**
 * The hellos of a node that asks to be admitted: it speaks to the inviter alone, which it knows by its key, and lets nobody speak to it.
 * The inviter has no rights here; it is asked one thing.
 */
export class JoinHelloDesk implements HelloDesk {
  readonly #parts: JoinDeskParts
  readonly #ownNodeId: Uint8Array

  constructor(parts: JoinDeskParts) {
    this.#parts = parts
    this.#ownNodeId = nodeIdOf(parts.crypto, parts.node.publicKey)
  }

  ownHello(ownChannel: Uint8Array): Uint8Array {
    const { networkId, node } = this.#parts
    const { binding } = bindNow(this.#parts, ownChannel)
    return encodeHello({ kind: 'join', networkId, versions: spokenVersions, binding, nodeKey: node.publicKey })
  }

  judge(hello: Uint8Array, peerChannel: Uint8Array, side: HelloSide): HelloVerdict {
    const { crypto, inviter } = this.#parts
    const question = questionOf(this.#parts, this.#ownNodeId, hello, peerChannel, side)
    const verdict = judgeInviter(crypto, { ...question, inviter })
    if (verdict.kind === 'refused') return refusal(verdict.reason)
    const { nodeId, record, validUntilMs } = verdict
    return {
      kind: 'peer',
      peer: { nodeId, storeId: record.storeId, bootCount: record.bootCount, rights: noRights },
      validUntilMs,
    }
  }
}
