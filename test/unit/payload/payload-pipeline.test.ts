import { createDecipheriv, hkdfSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { NodeCrypto } from '../../../src/node/adapters/node-crypto/node-crypto.ts'
import { SystemRandom } from '../../../src/node/adapters/system-random/system-random.ts'
import { ZstdCompressor } from '../../../src/node/adapters/zstd-compressor/zstd-compressor.ts'
import { defaultLimits } from '../../../src/node/core/base/limits.ts'
import type { ContentBlock } from '../../../src/node/core/block/content-block.ts'
import { contentAddress, encodeContentHeader, isGenuineContent } from '../../../src/node/core/block/content-block.ts'
import type { NetworkSecret } from '../../../src/node/engine/payload/network-secrets.ts'
import { PayloadPipeline } from '../../../src/node/engine/payload/payload-pipeline.ts'
import { isCoded } from '../../../src/shared/coded-error.ts'

const crypto = new NodeCrypto({ verifyKeysMax: 4 })
const random = new SystemRandom()
const compressor = new ZstdCompressor()
const secrets: readonly NetworkSecret[] = [1, 2].map((epoch) => ({ epoch, key: new Uint8Array(32).fill(epoch) }))

function secretOf(epoch: number): NetworkSecret {
  const secret = secrets[epoch - 1]
  if (secret === undefined) throw new Error('no such epoch')
  return secret
}

/** A node whose newest secret is that of this epoch, and which holds all up to it. */
function pipelineOf(epoch: number): PayloadPipeline {
  const held = secrets.filter((secret) => secret.epoch <= epoch)
  const ring = { current: () => secretOf(epoch), of: (asked: number) => held.find((secret) => secret.epoch === asked) }
  return new PayloadPipeline({ crypto, random, compressor, secrets: ring, limits: defaultLimits })
}

const pipeline = pipelineOf(1)
const terms = {
  role: 'whole' as const,
  remover: { kind: 'key' as const, publicKey: new Uint8Array(32) },
  acknowledgements: 'majority' as const,
  owner: new Uint8Array(0),
}

function textOf(length: number): Uint8Array {
  return new Uint8Array(Buffer.from('all work and no play '.repeat(Math.ceil(length / 21)).slice(0, length)))
}

async function outcomeOf(run: () => unknown): Promise<unknown> {
  return Promise.resolve()
    .then(run)
    .catch((error: unknown) => error)
}

/** The block with other stored bytes and the address that these make. */
function rehashed(block: ContentBlock, change: Partial<ContentBlock>): ContentBlock {
  const changed = { ...block, ...change }
  const headerBytes = encodeContentHeader(changed.header)
  return { ...changed, headerBytes, address: contentAddress(crypto, { ...changed, headerBytes }) }
}

describe('what is sealed', () => {
  test.each([0, 1, 255, 256, 5000, 65_536, 300_000])('opens again (%i bytes)', async (length) => {
    for (const plain of [textOf(length), random.bytes(length)]) {
      const block = await pipeline.seal(plain, terms)
      expect(isGenuineContent(crypto, block)).toBe(true)
      expect(block.header).toMatchObject({ cipher: 'aes-256-gcm', secretEpoch: 1, plainBytes: length })
      expect(Buffer.from(await pipeline.open(block)).equals(plain)).toBe(true)
    }
  })

  test('is answered at once while it is small', () => {
    const block = pipeline.seal(textOf(60_000), terms)
    expect(block).not.toBeInstanceOf(Promise)
    expect(pipeline.open(block as ContentBlock)).toBeInstanceOf(Uint8Array)
  })

  test('is compressed only when that saves a sixteenth, and never below 256 bytes', async () => {
    const codecOf = async (plain: Uint8Array) => (await pipeline.seal(plain, terms)).header.codec
    expect(await codecOf(textOf(255))).toBe('none')
    expect(await codecOf(textOf(256))).toBe('zstd')
    expect(await codecOf(random.bytes(100_000))).toBe('none')
    const mostlyRandom = Uint8Array.from([...random.bytes(10_000), ...new Uint8Array(400)])
    expect(await codecOf(mostlyRandom)).toBe('none')
    const lessRandom = Uint8Array.from([...random.bytes(10_000), ...new Uint8Array(1000)])
    expect(await codecOf(lessRandom)).toBe('zstd')
  })

  test('shares neither salt, address nor ciphertext with an equal payload', async () => {
    const [left, right] = await Promise.all([pipeline.seal(textOf(100), terms), pipeline.seal(textOf(100), terms)])
    expect(left.salt).not.toEqual(right.salt)
    expect(left.address).not.toEqual(right.address)
    expect(left.stored).not.toEqual(right.stored)
    expect(Buffer.from(left.stored).includes(Buffer.from('all work'))).toBe(false)
  })

  test('is under the key that HKDF gives for secret and prefix, and the nonce that follows the prefix', async () => {
    for (let turn = 0; turn < 3; turn++) {
      const { salt, tag, stored } = await pipeline.seal(textOf(40), terms)
      const info = Buffer.concat([Buffer.from('memo/content-key/2'), salt.subarray(0, 20)])
      const key = Buffer.from(hkdfSync('sha256', new Uint8Array(32).fill(1), new Uint8Array(0), info, 32))
      const cipher = createDecipheriv('aes-256-gcm', key, salt.subarray(20)).setAuthTag(tag)
      expect(Buffer.concat([cipher.update(stored), cipher.final()]).equals(textOf(40))).toBe(true)
    }
  })

  test('is compressed only where bytes are spread unevenly, and from 64 KiB on where pieces of it promise something, wherever they lie', async () => {
    const codecOf = async (plain: Uint8Array) => (await pipeline.seal(plain, terms)).header.codec
    const asked: number[] = []
    const counted = {
      compress: (plain: Uint8Array) => {
        asked.push(plain.length)
        return compressor.compress(plain)
      },
      decompress: compressor.decompress,
    }
    const ring = { current: () => secretOf(1), of: () => secretOf(1) }
    const counting = new PayloadPipeline({ crypto, random, compressor: counted, secrets: ring, limits: defaultLimits })
    for (const length of [4096, 1024 * 1024]) {
      expect((await counting.seal(random.bytes(length), terms)).header.codec).toBe('none')
    }
    expect(asked).toEqual([])
    const uneven = random.bytes(1024 * 1024).map((byte, index) => (index % 25 === 0 ? 0 : byte))
    expect((await counting.seal(uneven, terms)).header.codec).toBe('none')
    expect(asked).toEqual([16 * 1024])
    expect((await counting.seal(textOf(1024 * 1024), terms)).header.codec).toBe('zstd')
    expect(asked).toEqual([16 * 1024, 16 * 1024, 1024 * 1024])
    for (const offset of [0, 150_000, 300_000]) {
      const mixed = random.bytes(450_000)
      mixed.set(new Uint8Array(150_000), offset)
      expect(await codecOf(mixed)).toBe('zstd')
    }
    // The sample promises what the whole does not keep.
    const dotted = random.bytes(64 * 1024)
    dotted.fill(0, 0, 1100)
    expect(await codecOf(dotted)).toBe('none')
  })
})

describe('the salts of a node', () => {
  const prefixOf = (block: ContentBlock) => Buffer.from(block.salt.subarray(0, 20)).toString('hex')
  const countOf = (block: ContentBlock) => Number.parseInt(Buffer.from(block.salt.subarray(20)).toString('hex'), 16)
  const started = (contentBlocksPerKeyMax: number) =>
    new PayloadPipeline({
      ...{ crypto, random, compressor, limits: { contentKeysMax: 2, contentBlocksPerKeyMax } },
      secrets: { current: () => secretOf(1), of: () => secretOf(1) },
    })

  test('have a prefix for each start, which is renewed when it is used up, and count within it', async () => {
    const blocks: ContentBlock[] = []
    for (const node of [started(2), started(2)]) for (let k = 0; k < 5; k++) blocks.push(await node.seal(textOf(k), terms))
    expect(blocks.map(countOf)).toEqual([0, 1, 0, 1, 0, 0, 1, 0, 1, 0])
    expect(new Set(blocks.map(prefixOf)).size).toBe(6)
    const reader = started(2)
    for (let turn = 0; turn < 2; turn++) {
      for (const [index, block] of blocks.entries()) {
        expect(Buffer.from(await reader.open(block)).equals(textOf(index % 5))).toBe(true)
      }
    }
  })

  test('are none that a caller names, and go on whatever is brought back or read between', async () => {
    const node = started(100)
    const first = await node.seal(textOf(40), terms)
    const foreign = await started(100).seal(textOf(40), terms)
    const ahead = Uint8Array.from(first.salt)
    ahead[31] = 1
    expect(await node.sealAgain(textOf(40), first)).toEqual(first)
    expect(await node.sealAgain(textOf(40), foreign)).toEqual(foreign)
    expect(await node.sealAgain(textOf(40), { ...first, salt: ahead })).toBeUndefined()
    await node.open(foreign)
    const second = await node.seal(textOf(40), terms)
    expect(prefixOf(second)).toBe(prefixOf(first))
    expect(countOf(second)).toBe(1)
  })
})

describe('opening refuses', () => {
  test('a block that its address does not stand for, at every bit of what is stored', async () => {
    const block = await pipeline.seal(textOf(40), terms)
    for (let bit = 0; bit < block.stored.length * 8; bit++) {
      const stored = Uint8Array.from(block.stored)
      stored[bit >> 3] = (stored[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(isCoded(await outcomeOf(() => pipeline.open({ ...block, stored })), 'data-corrupt')).toBe(true)
    }
  })

  test('a block whose owner or header was exchanged, though its payload would open', async () => {
    const block = await pipeline.seal(textOf(40), terms)
    const headerBytes = encodeContentHeader({ ...block.header, acknowledgements: 'one' })
    for (const change of [{ owner: new Uint8Array(32) }, { headerBytes }]) {
      expect(isCoded(await outcomeOf(() => pipeline.open({ ...block, ...change })), 'data-corrupt')).toBe(true)
    }
  })

  test('what was forged together with its address, because the tag does not hold', async () => {
    const block = await pipeline.seal(textOf(40), terms)
    const forgeries = [
      rehashed(block, { stored: Uint8Array.from(block.stored, (byte) => byte ^ 1) }),
      rehashed(block, { salt: new Uint8Array(32) }),
      rehashed(block, { salt: Uint8Array.from(block.salt, (byte, index) => (index === 0 ? byte ^ 1 : byte)) }),
      rehashed(block, { salt: Uint8Array.from(block.salt, (byte, index) => (index === 31 ? byte ^ 1 : byte)) }),
      rehashed(block, { tag: Uint8Array.from(block.tag, (byte, index) => (index === 15 ? byte ^ 1 : byte)) }),
      rehashed(block, { tag: block.tag.subarray(0, 12) }),
      rehashed(block, { header: { ...block.header, plainBytes: 39 } }),
    ]
    for (const forged of forgeries) {
      expect(isGenuineContent(crypto, forged)).toBe(true)
      expect(isCoded(await outcomeOf(() => pipeline.open(forged)), 'data-corrupt')).toBe(true)
    }
  })

  test('a compressed payload that unpacks to another size', async () => {
    const block = await pipeline.seal(textOf(5000), terms)
    for (const plainBytes of [4999, 5001, 2 ** 40]) {
      const forged = rehashed(block, { header: { ...block.header, plainBytes } })
      expect(isCoded(await outcomeOf(() => pipeline.open(forged)), 'data-corrupt')).toBe(true)
    }
  })

  test('a block of an epoch whose secret the node does not hold', async () => {
    const newer = await pipelineOf(2).seal(textOf(40), terms)
    expect(newer.header.secretEpoch).toBe(2)
    expect(isCoded(await outcomeOf(() => pipeline.open(newer)), 'permission-denied')).toBe(true)
    const older = await pipeline.seal(textOf(40), terms)
    expect(Buffer.from(await pipelineOf(2).open(older)).equals(textOf(40))).toBe(true)
  })
})

describe('sealing again', () => {
  test.each([0, 40, 5000, 100_000])('leads to the same block for the same bytes (%i of them)', async (length) => {
    const block = await pipeline.seal(textOf(length), terms)
    const again = await pipelineOf(2).sealAgain(textOf(length), block)
    expect(again?.address).toEqual(block.address)
    expect(Buffer.from(again?.stored ?? 'none').equals(block.stored)).toBe(true)
  })

  test('gives nothing out for other bytes, salts, headers or addresses', async () => {
    const plain = textOf(40)
    const block = await pipeline.seal(plain, terms)
    const other = await pipeline.seal(plain, terms)
    const claims: [Uint8Array, ContentBlock][] = [
      [textOf(41), block],
      [Uint8Array.from(plain).fill(0, 0, 1), block],
      [plain, { ...block, salt: other.salt }],
      [plain, { ...block, salt: new Uint8Array(5) }],
      [plain, { ...block, address: other.address }],
      [plain, { ...block, owner: new Uint8Array(32) }],
      [plain, { ...block, headerBytes: new Uint8Array(3) }],
    ]
    for (const [bytes, claim] of claims) expect(await pipeline.sealAgain(bytes, claim)).toBeUndefined()
    const newer = await pipelineOf(2).seal(plain, terms)
    expect(await pipeline.sealAgain(plain, newer)).toBeUndefined()
  })
})
