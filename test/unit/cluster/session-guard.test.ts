import { expect, test } from 'vitest'
import { NodeCrypto } from '../../../src/node/adapters/node-crypto/node-crypto.ts'
import type { PassportChain } from '../../../src/node/core/access/passport.ts'
import { signPassport } from '../../../src/node/core/access/passport.ts'
import type { Revocation } from '../../../src/node/core/access/revocation.ts'
import { allRights } from '../../../src/node/core/access/rights.ts'
import { SessionGuard } from '../../../src/node/engine/cluster/session-guard.ts'

const crypto = new NodeCrypto({ verifyKeysMax: 4 })
const key = (byte: number) => crypto.signingKey(new Uint8Array(32).fill(byte))
const filled = (byte: number, length: number) => new Uint8Array(length).fill(byte)

function chainOf(serial: number, issuerSerial: number): PassportChain {
  const terms = (number: number) => ({
    networkId: filled(1, 32),
    userKey: key(number).publicKey,
    userAgreementKey: filled(number, 32),
    nodeKey: key(number + 50).publicKey,
    rights: allRights,
    notBeforeMs: 0,
    notAfterMs: 1000,
    serial: filled(number, 16),
  })
  return [signPassport(key(issuerSerial), terms(serial)), signPassport(key(9), terms(issuerSerial))]
}

function world() {
  const listeners: (() => void)[] = []
  const facts = { admission: { revocationVersion: 0, invites: [], revocations: [] as readonly Revocation[] } }
  const ended: number[] = []
  const nodes = [1, 2, 3]
  const transport = {
    peers: nodes.map((byte) => ({ nodeId: filled(byte, 32) })),
    endSession: (nodeId: Uint8Array, reason: string) => void (reason === 'revoked' && ended.push(nodeId[0] ?? 0)),
  }
  const view = { facts, onChange: (listen: () => void) => void listeners.push(listen) }
  const guard = new SessionGuard(transport as never, view as never)
  for (const byte of nodes) guard.letIn(filled(byte, 32), chainOf(byte, byte === 3 ? 7 : 8))
  const revoke = (serial: number): void => {
    const revocation = { kind: 'serial', value: filled(serial, 16), at: 5n, by: key(9).publicKey } as const
    facts.admission = { ...facts.admission, revocations: [revocation] }
    for (const listener of listeners) listener()
  }
  return { guard, ended, revoke }
}

test('a revoked passport ends its session, and a revoked issuer those of all whom it let in', () => {
  const { ended, revoke } = world()
  revoke(42)
  expect(ended).toEqual([])
  revoke(2)
  expect(ended).toEqual([2])
  revoke(8)
  expect(ended).toEqual([2, 1, 2])
})

test('what a node showed is forgotten with its session', () => {
  const { guard, ended, revoke } = world()
  guard.left(filled(2, 32))
  revoke(2)
  expect(ended).toEqual([])
})
