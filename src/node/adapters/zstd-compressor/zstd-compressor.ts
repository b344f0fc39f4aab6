import { promisify } from 'node:util'
import { constants, zstdCompress, zstdCompressSync, zstdDecompress, zstdDecompressSync } from 'node:zlib'
import { CodedError } from '../../../shared/coded-error.ts'
import type { Compressor } from '../../ports/compressor.ts'

/** Above this a thread of the pool does the work, so that the event loop is never held for more than about 100 µs. */
const syncBytesMax = 64 * 1024

const options = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }
const compressAsync = promisify(zstdCompress)
const decompressAsync = promisify(zstdDecompress)

/** Zstandard of node:zlib at level 1. */
export class ZstdCompressor implements Compressor {
  compress(plain: Uint8Array): Uint8Array | Promise<Uint8Array> {
    return plain.length <= syncBytesMax ? zstdCompressSync(plain, options) : compressAsync(plain, options)
  }

  decompress(packed: Uint8Array, plainBytesMax: number): Uint8Array | Promise<Uint8Array> {
    const bounds = { maxOutputLength: Math.max(1, plainBytesMax) }
    if (plainBytesMax > syncBytesMax) return decompressAsync(packed, bounds).catch(refuse)
    try {
      return zstdDecompressSync(packed, bounds)
    } catch (error) {
      return refuse(error)
    }
  }
}

function refuse(cause: unknown): never {
  throw new CodedError('data-corrupt', 'compressed bytes are damaged or larger than they say', { cause })
}
