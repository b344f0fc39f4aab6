import { createHash, createPublicKey, verify } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

type Fields = Readonly<Record<string, string>>
type Hex = string
interface JoinAnswer {
  readonly root: {
    readonly index: number
    readonly group: {
      readonly index: number
      readonly members: readonly { readonly nodeId: Hex; readonly storeId: Hex }[]
      readonly learners: readonly unknown[]
    }
    readonly sections: readonly {
      readonly name: Hex
      readonly section: Readonly<Record<'version' | 'revision' | 'session' | 'sequence' | 'body', string>>
    }[]
  }
  readonly nodes: readonly unknown[]
}

const stored = (name: string): readonly Fields[] =>
  JSON.parse(readFileSync(join(import.meta.dirname, `../../vectors/${name}.json`), 'utf8')).vectors
/** The vector with this field, and what is in the field. */
function vectorOf<Inner = Fields>(name: string, field: string): { readonly vector: Fields; readonly inner: Inner } {
  const vector = stored(name).find((each) => field in each)
  if (vector === undefined) throw new Error(`a vector has ${field}`)
  return { vector, inner: vector[field] as Inner }
}
const bytes = (hex: string | undefined) => Buffer.from(hex ?? 'missing', 'hex')

/** The canonical encoding once more, as docs/PROTOCOL.md says it. */
function record(tag: string, ...fields: readonly Buffer[]): Buffer {
  const lengthOf = (length: number): number[] => (length < 128 ? [length] : [(length % 128) + 128, ...lengthOf(length >> 7)])
  return Buffer.concat([Buffer.from(tag), ...fields].flatMap((part) => [Buffer.from(lengthOf(part.length)), part]))
}
function uint(value: number | string): Buffer {
  const hex = BigInt(value).toString(16)
  return hex === '0' ? Buffer.alloc(0) : Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex')
}
const sha256 = (input: Uint8Array) => createHash('sha256').update(input).digest()
function nodeId(key: Uint8Array): Buffer {
  const id = sha256(key)
  id[31] = 0
  return id
}

test('every statement is signed by the key beside it', () => {
  const signed = [...stored('identities'), ...stored('admissions')].filter((vector) => vector.statement !== undefined)
  expect(signed).toHaveLength(6)
  for (const { key, statement, signature } of signed) {
    const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: bytes(key).toString('base64url') }, format: 'jwk' })
    expect(verify(null, bytes(statement), publicKey, bytes(signature))).toBe(true)
  }
})

test('a passport is its terms in order, under one tag as signed and another as kept', () => {
  const { vector, inner } = vectorOf('identities', 'passport')
  const { networkId, userKey, userAgreementKey, nodeKey, notBeforeMs, notAfterMs, serial, issuer } = inner
  const fields = [
    ...[networkId, userKey, userAgreementKey, nodeKey].map(bytes),
    // Read and store.
    uint(1 + 4),
    uint(notBeforeMs ?? -1),
    uint(notAfterMs ?? -1),
    bytes(serial),
    bytes(issuer),
  ]
  expect(record('memo/passport-statement/1', ...fields).toString('hex')).toBe(vector.statement)
  expect(record('memo/passport/1', ...fields, bytes(vector.signature)).toString('hex')).toBe(vector.encoded)
  const chain = vectorOf<readonly string[]>('identities', 'chain')
  const links = chain.inner.map(bytes)
  expect(record('memo/passport-chain/1', uint(links.length), ...links).toString('hex')).toBe(chain.vector.encoded)
})

test('a binding is signed over network, node id, channel and end', () => {
  const { vector, inner } = vectorOf('identities', 'binding')
  const { networkId, channel, validUntilMs } = inner
  const statement = record(
    'memo/certificate-binding/1',
    bytes(networkId),
    nodeId(bytes(vector.key)),
    bytes(channel),
    uint(validUntilMs ?? -1),
  )
  expect(statement.toString('hex')).toBe(vector.statement)
})

test('a token is kept by its hash, and the link is the base64url of its record', () => {
  const { inner: token, vector: kept } = vectorOf<string>('admissions', 'token')
  expect(sha256(record('memo/invite-token/1', bytes(token))).toString('hex')).toBe(kept.tokenHash)
  const { vector, inner } = vectorOf('admissions', 'link')
  const { networkId, networkName, inviter } = inner
  const endpoints = inner.endpoints as unknown as readonly string[]
  const encoded = record(
    'memo/invite-link/1',
    bytes(networkId),
    Buffer.from(networkName ?? ''),
    bytes(inviter),
    uint(endpoints.length),
    ...endpoints.map((endpoint) => Buffer.from(endpoint)),
    bytes(token),
  )
  expect(`memo://join/${encoded.toString('base64url')}`).toBe(vector.text)
})

test('an answer to a joiner is chain, copy of the root and records, each in its own encoding', () => {
  const { vector, inner } = vectorOf<JoinAnswer>('admissions', 'answer')
  const chain = vectorOf<readonly string[]>('identities', 'chain').vector
  const node = vectorOf('identities', 'nodeRecord').vector
  const { index, group, sections } = inner.root
  const members = group.members.flatMap((member) => [bytes(member.nodeId), bytes(member.storeId)])
  const kept = sections.flatMap(({ name, section: { version, revision, session, sequence, body } }) => [
    bytes(name),
    record('memo/root-section/1', uint(version), uint(revision), bytes(session), uint(sequence), bytes(body)),
  ])
  const [groupIndex, count, learners] = [uint(group.index), uint(group.members.length), uint(group.learners.length)]
  const copy = record('memo/root-copy/1', uint(index), groupIndex, count, ...members, learners, uint(sections.length), ...kept)
  const encoded = record('memo/join-answer/1', bytes(chain.encoded), copy, uint(inner.nodes.length), bytes(node.encoded))
  expect(encoded.toString('hex')).toBe(vector.encoded)
})
