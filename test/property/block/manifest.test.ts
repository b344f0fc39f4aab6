import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { BlockAddress } from '../../../src/node/core/base/address.ts'
import { addressText } from '../../../src/node/core/base/address.ts'
import type { Manifest, ManifestPart } from '../../../src/node/core/block/manifest.ts'
import {
  decodeManifest,
  encodeManifest,
  ManifestBuilder,
  manifestBytes,
  manifestPartsMax,
  partsOfRange,
} from '../../../src/node/core/block/manifest.ts'
import { crypto } from './block-arbitraries.ts'

/** The manifests of a value as a store keeps them, by address. */
class StoredManifests {
  readonly #manifests = new Map<string, Uint8Array>()

  put(manifest: Manifest): ManifestPart {
    const encoded = encodeManifest(manifest)
    const address = crypto.sha256(encoded) as BlockAddress
    this.#manifests.set(addressText(address), encoded)
    return { address, bytes: manifestBytes(manifest) }
  }

  get(address: BlockAddress): Manifest {
    const manifest = decodeManifest(this.#manifests.get(addressText(address)) ?? new Uint8Array(0))
    if (manifest === undefined) throw new Error('a manifest is missing')
    return manifest
  }

  build(chunks: readonly ManifestPart[], partsMax: number): Manifest {
    const builder = new ManifestBuilder(partsMax)
    const add = (level: number, part: ManifestPart): void => {
      const full = builder.add(level, part)
      if (full !== undefined) add(level + 1, this.put(full))
    }
    for (const chunk of chunks) add(0, chunk)
    for (;;) {
      const { manifest, whole } = builder.finish()
      if (whole) return manifest
      add(manifest.level + 1, this.put(manifest))
    }
  }

  /** The chunks that hold a range, by walking down. */
  find(manifest: Manifest, offset: number, length: number): { address: BlockAddress; offset: number; length: number }[] {
    return partsOfRange(manifest, offset, length).flatMap(({ part, ...range }) =>
      manifest.level === 0
        ? [{ address: part.address, offset: range.offset, length: range.length }]
        : this.find(this.get(part.address), range.offset, range.length),
    )
  }
}

/** Chunks whose bytes are their place in the value, so that what is read can be compared. */
function chunksOf(bytes: number, chunkBytes: number): ManifestPart[] {
  return Array.from({ length: Math.ceil(bytes / chunkBytes) }, (_, index) => {
    const address = new Uint8Array(32) as BlockAddress
    new DataView(address.buffer).setUint32(0, index)
    return { address, bytes: Math.min(chunkBytes, bytes - index * chunkBytes) }
  })
}

test('a range is read from exactly the chunks that hold it, at any depth', () => {
  const cases = fc.record({
    bytes: fc.integer({ min: 1, max: 400 }), // at most 80 chunks, which four levels of three parts hold
    chunkBytes: fc.integer({ min: 5, max: 50 }),
    partsMax: fc.integer({ min: 3, max: 5 }),
    offset: fc.nat({ max: 450 }),
    length: fc.nat({ max: 450 }),
  })
  fc.assert(
    fc.property(cases, ({ bytes, chunkBytes, partsMax, offset, length }) => {
      const stored = new StoredManifests()
      const whole = stored.build(chunksOf(bytes, chunkBytes), partsMax)
      expect(manifestBytes(whole)).toBe(bytes)
      const read = stored.find(whole, offset, length).flatMap((range) => {
        const index = new DataView(range.address.buffer, range.address.byteOffset).getUint32(0)
        return Array.from({ length: range.length }, (_, step) => index * chunkBytes + range.offset + step)
      })
      const end = Math.min(bytes, offset + length)
      expect(read).toEqual(Array.from({ length: Math.max(0, end - offset) }, (_, step) => offset + step))
    }),
    { numRuns: 500 },
  )
})

test('every part but the last of its level is full, and no level is needless', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 81 }), fc.integer({ min: 3, max: 7 }), (count, partsMax) => {
      const stored = new StoredManifests()
      const whole = stored.build(chunksOf(count * 10, 10), partsMax)
      const depth = Math.max(0, Math.ceil(Math.log(count) / Math.log(partsMax) - 1e-9) - 1)
      expect(whole.level).toBe(depth)
      const check = (manifest: Manifest, isLast: boolean): void => {
        if (!isLast) expect(manifest.parts).toHaveLength(partsMax)
        if (manifest.level === 0) return
        for (const [index, part] of manifest.parts.entries()) {
          check(stored.get(part.address), isLast && index === manifest.parts.length - 1)
        }
      }
      check(whole, true)
    }),
  )
})

test('a value of 1 TiB needs two levels of manifests, each below a chunk in size', () => {
  const chunkBytes = 2 ** 20
  const builder = new ManifestBuilder()
  const address = new Uint8Array(32) as BlockAddress
  let largest = 0
  for (let index = 0; index < 2 ** 20; index++) {
    const full = builder.add(0, { address, bytes: chunkBytes })
    if (full === undefined) continue
    largest = Math.max(largest, encodeManifest(full).length)
    builder.add(1, { address, bytes: manifestBytes(full) })
  }
  const last = builder.finish()
  expect(last.whole).toBe(false)
  builder.add(1, { address, bytes: manifestBytes(last.manifest) })
  const { manifest, whole } = builder.finish()
  expect(whole).toBe(true)
  expect(manifest.level).toBe(1)
  expect(manifest.parts).toHaveLength(2 ** 20 / manifestPartsMax)
  expect(manifestBytes(manifest)).toBe(2 ** 40)
  expect(largest).toBeLessThan(chunkBytes)
  expect(partsOfRange(manifest, 2 ** 40 - 10, 100)).toEqual([
    { part: manifest.parts.at(-1), index: 255, offset: 2 ** 32 - 10, length: 10 },
  ])
})
