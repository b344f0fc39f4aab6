import { describe, expect, test } from 'vitest'
import { readLogRecords } from '../../../src/node/adapters/level-store/index/log-records.ts'
import { maskedCrc } from '../../../src/node/adapters/level-store/index/masked-crc.ts'

const blockBytes = 32 * 1024

/** Writes as LevelDB does: a record is cut where a block ends, and less than a header's room is filled with zeros. */
function logOf(records: readonly Buffer[]): Buffer {
  const parts: Buffer[] = []
  let at = 0
  const push = (bytes: Buffer) => {
    parts.push(bytes)
    at += bytes.length
  }
  for (const record of records) {
    let from = 0
    do {
      const room = blockBytes - (at % blockBytes)
      if (room < 7) push(Buffer.alloc(room))
      const piece = record.subarray(from, from + blockBytes - (at % blockBytes) - 7)
      const isLast = from + piece.length === record.length
      const covered = Buffer.concat([Buffer.of(isLast ? (from === 0 ? 1 : 4) : from === 0 ? 2 : 3), piece])
      const header = Buffer.alloc(6)
      header.writeUInt32LE(maskedCrc(covered), 0)
      header.writeUInt16LE(piece.length, 4)
      push(header)
      push(covered)
      from += piece.length
    } while (from < record.length)
  }
  return Buffer.concat(parts)
}

const record = (length: number, seed: number) => Buffer.from(Array.from({ length }, (_, index) => (index * 31 + seed * 7) % 256))

describe('records of a log', () => {
  const small = [record(12, 1), record(0, 2), record(300, 3), record(40, 4)]
  // The second record leaves three bytes of its block, the fourth spans three blocks.
  const large = [record(100, 1), record(blockBytes - 107 - 7 - 3, 2), record(50, 3), record(70_000, 4), record(9, 5)]

  test.each([
    ['small', small],
    ['large', large],
  ])('are read as they were written: %s', (_, records) => {
    expect(readLogRecords(logOf(records))).toEqual({ records, damage: [] })
  })

  test('a masked checksum is the one of the format', () => {
    // CRC-32C of "123456789" is e3069283.
    expect(maskedCrc(Buffer.from('123456789'))).toBe((((0xe3069283 >>> 15) | (0xe3069283 << 17)) + 0xa282ead8) >>> 0)
  })

  test('every flipped bit is found', () => {
    const log = logOf(small)
    for (let at = 0; at < log.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const flipped = Buffer.from(log)
        flipped.writeUInt8(flipped.readUInt8(at) ^ (1 << bit), at)
        expect(readLogRecords(flipped).damage, `bit ${bit} at ${at}`).not.toEqual([])
      }
    }
  })

  test('every flipped byte over several blocks is found, but for the filling at the end of a block', () => {
    const log = logOf(large)
    for (let at = 0; at < log.length; at += 13) {
      const flipped = Buffer.from(log)
      flipped.writeUInt8(flipped.readUInt8(at) ^ 0x10, at)
      const read = readLogRecords(flipped)
      if (at >= blockBytes - 3 && at < blockBytes) expect(read).toEqual({ records: large, damage: [] })
      else expect(read.damage, `at ${at}`).not.toEqual([])
    }
  })

  test('a log that was cut off ends before the record that is not whole', () => {
    const log = logOf(small)
    const ends = small.map((_, index) => logOf(small.slice(0, index + 1)).length)
    for (let length = 0; length <= log.length; length++) {
      const { records, damage } = readLogRecords(log.subarray(0, length))
      expect(damage, `cut to ${length}`).toEqual([])
      expect(records).toEqual(small.slice(0, ends.filter((end) => end <= length).length))
    }
  })

  test('zeros inside are damage, zeros behind the end are not', () => {
    const log = logOf(small)
    expect(readLogRecords(Buffer.concat([log, Buffer.alloc(5000)]))).toEqual({ records: small, damage: [] })
    const zeroed = Buffer.from(log).fill(0, 0, 30)
    expect(readLogRecords(zeroed).damage).toEqual([{ offset: 0, reason: 'zeros stand where a record was' }])
  })
})
