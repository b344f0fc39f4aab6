import { createDecipheriv, createHash, createPublicKey, diffieHellman, generateKeyPairSync, hkdfSync, verify } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ZstdCompressor } from '../../../src/node/adapters/zstd-compressor/zstd-compressor.ts'
import { addressFromBytes } from '../../../src/node/core/base/address.ts'
import { fromHex } from '../../../src/node/core/base/bytes.ts'
import { defaultLimits } from '../../../src/node/core/base/limits.ts'
import { decodeContentCopy } from '../../../src/node/core/block/content-block.ts'
import { openSealed } from '../../../src/node/core/block/sealing.ts'
import { PayloadPipeline } from '../../../src/node/engine/payload/payload-pipeline.ts'
import { crypto, vectorFiles, vectorText } from '../../vectors/vectors.ts'

type Fields = Readonly<Record<string, string>>
const folder = join(import.meta.dirname, '../../vectors')

function stored(name: string): readonly Fields[] {
  return (JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as { vectors: readonly Fields[] }).vectors
}

function bytes(hex: string | undefined): Buffer {
  return Buffer.from(hex ?? 'missing', 'hex')
}

/** The canonical encoding once more, as docs/PROTOCOL.md says it, for a tag and fields in hex. */
function record(tag: string, ...fields: readonly (string | undefined)[]): Buffer {
  const lengthOf = (length: number): number[] => (length < 128 ? [length] : [(length % 128) + 128, ...lengthOf(length >> 7)])
  const parts = [Buffer.from(tag), ...fields.map(bytes)]
  return Buffer.concat(parts.flatMap((part) => [Buffer.from(lengthOf(part.length)), part]))
}

/** A number as the hex of its field. */
function uint(value: string | number | undefined): string {
  const hex = BigInt(value ?? -1).toString(16)
  return hex === '0' ? '' : hex.padStart(hex.length + (hex.length % 2), '0')
}

function digest(input: Uint8Array, lastBit?: 0 | 1): string {
  const sum = createHash('sha256').update(input).digest()
  if (lastBit !== undefined) sum[31] = ((sum[31] ?? 0) & 0xfe) | lastBit
  return sum.toString('hex')
}

function isSigned(publicKey: string | undefined, statement: string | undefined, signature: string | undefined): boolean {
  const x = bytes(publicKey).toString('base64url')
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
  return verify(null, bytes(statement), key, bytes(signature))
}

describe('the vector files', () => {
  test('are those that are computed', () => {
    const names = readdirSync(folder).filter((name) => name.endsWith('.json'))
    expect(names.sort()).toEqual(
      Object.keys(vectorFiles)
        .map((name) => `${name}.json`)
        .sort(),
    )
  })

  test.each(Object.entries(vectorFiles))('%s: computed again they are the same', (name, make) => {
    const computed = (JSON.parse(vectorText(make())) as { vectors: readonly Fields[] }).vectors
    // Packed bytes may differ from one zstd to the next; they are opened below instead.
    const isFixed = (vector: Fields) => !vector.packed
    expect(stored(name).filter(isFixed)).toEqual(computed.filter(isFixed))
    expect(stored(name)).toHaveLength(computed.length)
  })
})

describe('read without the code under test', () => {
  test('content blocks have the address of their bytes and open under their key', () => {
    for (const vector of stored('content-blocks')) {
      const { salt, owner, headerBytes, tag, address } = vector
      expect(digest(record('memo/content-address/2', salt, owner, headerBytes, tag, vector.stored), 1)).toBe(address)
      const info = Buffer.concat([Buffer.from('memo/content-key/2'), bytes(salt).subarray(0, 20)])
      const key = Buffer.from(hkdfSync('sha256', bytes(vector.networkSecret), Buffer.alloc(0), info, 32))
      expect(key.toString('hex')).toBe(vector.contentKey)
      const cipher = createDecipheriv('aes-256-gcm', key, bytes(salt).subarray(20)).setAuthTag(bytes(tag))
      const plain = Buffer.concat([cipher.update(bytes(vector.stored)), cipher.final()])
      if (!vector.packed) expect(plain.toString('hex')).toBe(vector.plain)
      const fields = [headerBytes, salt, owner, uint(vector.birth), tag, vector.stored]
      expect(record('memo/content-record/2', ...fields).toString('hex')).toBe(vector.record)
    }
  })

  test('mutable addresses are digests of their records', () => {
    for (const vector of stored('addresses')) {
      const tag = `memo/${vector.kind}-address/1`
      const fields = vector.kind === 'root' ? [vector.networkId] : [vector.ownerKey, vector.salt ?? vector.name]
      expect(digest(record(tag, ...fields), 0)).toBe(vector.address)
    }
  })

  test('signatures hold for their statements', () => {
    for (const vector of stored('signed-versions')) {
      const { networkId, address, generation, version, payload, owner, writer, statement, signature } = vector
      const kind = vector.kind === 'owner' ? '' : '01'
      const fields = [kind, networkId, address, uint(generation), uint(version), digest(bytes(payload)), '', owner, writer]
      expect(record('memo/version-statement/1', ...fields).toString('hex')).toBe(statement)
      expect(isSigned(writer, statement, signature)).toBe(true)
    }
    for (const { origin, statement, signature } of stored('signed-batches'))
      expect(isSigned(origin, statement, signature)).toBe(true)
    const [terms] = stored('networks').slice(1)
    expect(isSigned(terms?.owner, terms?.statement, terms?.signature)).toBe(true)
  })

  test('removals are stated as documented', () => {
    const [user] = stored('keys')
    for (const { networkId, address, generation, version, issued, statement, signature } of stored('removals')) {
      const fields = [networkId, address, uint(generation), uint(version), uint(issued), user?.signingKey]
      expect(record('memo/removal-statement/1', ...fields).toString('hex')).toBe(statement)
      expect(isSigned(user?.signingKey, statement, signature)).toBe(true)
    }
  })

  test('a network id is the digest of the foundation', () => {
    const [network] = stored('networks')
    const { name = '', founder, createdMs, salt, firstNode, networkId } = network ?? {}
    const encoded = record('memo/network/1', Buffer.from(name).toString('hex'), founder, uint(createdMs), salt, firstNode)
    expect(encoded.toString('hex')).toBe(network?.foundation)
    expect(digest(encoded)).toBe(networkId)
  })

  test('sealed boxes open with an agreement, a derivation and a cipher', () => {
    for (const { recipientSeed, recipientKey, context, plain, box } of stored('sealed-boxes')) {
      const prefix = record('memo/sealed-box/1')
      const ephemeralKey = bytes(box).subarray(prefix.length + 1, prefix.length + 33)
      const cipherBytes = bytes(plain).length + 16
      const cipher = bytes(box).subarray(-cipherBytes)
      expect(record('memo/sealed-box/1', ephemeralKey.toString('hex'), cipher.toString('hex')).toString('hex')).toBe(box)
      const shared = crypto.agreementKey(bytes(recipientSeed)).agree(ephemeralKey) ?? Buffer.alloc(0)
      const salt = Buffer.concat([ephemeralKey, bytes(recipientKey)])
      const key = Buffer.from(hkdfSync('sha256', shared, salt, 'memo/sealed-box-key/1', 32))
      const open = createDecipheriv('aes-256-gcm', key, Buffer.alloc(12)).setAuthTag(cipher.subarray(-16)).setAAD(bytes(context))
      expect(Buffer.concat([open.update(cipher.subarray(0, -16)), open.final()]).toString('hex')).toBe(plain)
    }
  })

  test('keys of a user come from its seed by their labels', () => {
    const [user, node] = stored('keys')
    const derived = (label: string) =>
      Buffer.from(hkdfSync('sha256', bytes(user?.userSeed), Buffer.alloc(0), label, 32)).toString('hex')
    expect(derived('memo/user-signing-key/1')).toBe(user?.signingSeed)
    expect(derived('memo/user-agreement-key/1')).toBe(user?.agreementSeed)
    expect(digest(bytes(user?.signingKey))).toBe(user?.userId)
    expect(`${digest(bytes(node?.nodeKey)).slice(0, 62)}00`).toBe(node?.nodeId)
  })
})

describe('opened with the code under test', () => {
  test('every content block, the packed ones among them', async () => {
    for (const { networkSecret, address, record: encoded, plain } of stored('content-blocks')) {
      const secret = { epoch: 1, key: bytes(networkSecret) }
      const secrets = { current: () => secret, of: () => secret }
      const random = { bytes: (count: number) => new Uint8Array(count), integerBelow: () => 0 }
      const pipeline = new PayloadPipeline({ crypto, random, compressor: new ZstdCompressor(), secrets, limits: defaultLimits })
      const expected = addressFromBytes(fromHex(address ?? '') ?? new Uint8Array(0))
      const copy = expected && decodeContentCopy(expected, bytes(encoded))
      if (copy === undefined) throw new Error('a vector does not decode')
      expect(Buffer.from(await pipeline.open(copy)).toString('hex')).toBe(plain)
    }
  })

  test('every sealed box, and none by a stranger', () => {
    const { privateKey } = generateKeyPairSync('x25519')
    const stranger = {
      publicKey: crypto.agreementKey(new Uint8Array(32)).publicKey,
      agree: (other: Uint8Array) => {
        const x = Buffer.from(other).toString('base64url')
        return diffieHellman({ privateKey, publicKey: createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x }, format: 'jwk' }) })
      },
    }
    for (const { recipientSeed, context, plain, box } of stored('sealed-boxes')) {
      const recipient = crypto.agreementKey(bytes(recipientSeed))
      expect(Buffer.from(openSealed(crypto, recipient, bytes(context), bytes(box)) ?? 'closed').toString('hex')).toBe(plain)
      expect(openSealed(crypto, stranger, bytes(context), bytes(box))).toBeUndefined()
    }
  })
})
