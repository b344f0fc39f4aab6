/** The checksum of LevelDB's files: CRC-32C, rotated and shifted so that a checksum over bytes that hold checksums stays strong. */

import { crc32c } from '@node-rs/crc32'

const maskDelta = 0xa282ead8

export function maskedCrc(bytes: Uint8Array): number {
  return maskCrc(crc32c(bytes))
}

function maskCrc(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + maskDelta) >>> 0
}

/** Whether the checksum is that of some beginning of the bytes: then all of them were written, and their length is wrong. */
export function someStartMatches(bytes: Uint8Array, checksum: number): boolean {
  let crc = 0
  for (let end = 0; end < bytes.length; end++) {
    crc = crc32c(bytes.subarray(end, end + 1), crc)
    if (maskCrc(crc) === checksum) return true
  }
  return false
}

/** The first end after which the masked checksum of everything before it stands; undefined where no end has one. */
export function endBeforeChecksum(bytes: Buffer, from: number): number | undefined {
  let crc = 0
  for (let end = from + 1; end + 4 <= bytes.length; end++) {
    crc = crc32c(bytes.subarray(end - 1, end), crc)
    if (maskCrc(crc) === bytes.readUInt32LE(end)) return end
  }
  return undefined
}
