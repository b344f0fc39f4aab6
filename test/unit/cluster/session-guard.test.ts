import { expect, test } from 'vitest'
import { NodeCrypto } from '../../../src/node/adapters/node-crypto/node-crypto.ts'
import type { PassportChain } from '../../../src/node/core/access/passport.ts'
import { signPassport } from '../../../src/node/core/access/passport.ts'
import type { Revocation } from '../../../src/node/core/access/revocation.ts'
import { allRights } from '../../../src/node/core/access/rights.ts'
import { nodeIdOf } from '../../../src/node/core/access/user-keys.ts'
import { equalBytes } from '../../../src/node/core/base/bytes.ts'
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

/** Nodes 1 to 3 were let in; of `here` there is a session. */
function world({ here = [1, 2, 3], directoryNodesMax = 3, placed = [1, 2, 3] } = {}) {
  const listeners: (() => void)[] = []
  const facts = { admission: { revocationVersion: 0, invites: [], revocations: [] as readonly Revocation[] } }
  const ended: number[] = []
  const transport = {
    peers: here.map((byte) => ({ nodeId: filled(byte, 32) })),
    endSession: (nodeId: Uint8Array, reason: string) => void (reason === 'revoked' && ended.push(nodeId[0] ?? 0)),
  }
  const view = {
    facts,
    isOfNetwork: (id: Uint8Array) => placed.some((number) => equalBytes(id, nodeIdOf(crypto, key(number + 50).publicKey))),
    onChange: (listen: () => void) => void listeners.push(listen),
  }
  const guard = new SessionGuard(crypto, transport as never, view as never, { directoryNodesMax })
  const letIn = (byte: number): void => guard.letIn(filled(byte, 32), chainOf(byte, byte === 3 ? 7 : 8))
  for (const byte of [1, 2, 3]) letIn(byte)
  const revoke = (serial: number): void => {
    const revocation = { kind: 'serial', value: filled(serial, 16), at: 5n, by: key(9).publicKey } as const
    facts.admission = { ...facts.admission, revocations: [revocation] }
    for (const listener of listeners) listener()
  }
  /** A node that was taken out, by the number of its user. */
  const takeOut = (number: number): void => {
    const value = nodeIdOf(crypto, key(number + 50).publicKey)
    facts.admission = { ...facts.admission, revocations: [{ kind: 'node', value, at: 5n, by: key(9).publicKey }] }
    for (const listener of listeners) listener()
  }
  return { letIn, ended, revoke, takeOut }
}

test('a revoked passport ends its session, and a revoked issuer those of all whom it let in', () => {
  const { ended, revoke } = world()
  revoke(42)
  expect(ended).toEqual([])
  revoke(2)
  expect(ended).toEqual([2])
  revoke(8)
  expect(ended).toEqual([2, 1])
})

test('a node is looked after that was let in before the session ended in whose place another one comes', () => {
  const { ended, revoke } = world({ here: [] })
  revoke(2)
  expect(ended).toEqual([2])
})

test('of more nodes than can be known, one without a session is forgotten first, and never the last', () => {
  const { letIn, ended, revoke } = world({ here: [1, 3] })
  letIn(4)
  revoke(8)
  expect(ended).toEqual([1, 4])
})

test('a node that was taken out is cut off, and of those whom it invited the ones that the map does not name', () => {
  const { ended, takeOut } = world({ placed: [2, 3] })
  takeOut(2)
  expect(ended).toEqual([2])
  takeOut(8)
  expect(ended).toEqual([2, 1])
})
