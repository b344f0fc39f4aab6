import { describe, expect, it } from 'vitest'
import { storageRoom } from '../../../../src/renderer/features/overview/storage-room.ts'
import { statusWith } from './overview-facts.ts'

const GB = 1_000_000_000

function room(storage: Parameters<typeof statusWith>[0] extends infer C ? (C extends { storage?: infer S } ? S : never) : never) {
  return storageRoom(statusWith({ storage: { full: false, ...storage } }).storage)
}

describe('storageRoom', () => {
  it('measures by the limit where it ends before the disk does', () => {
    expect(room({ limitBytes: 100 * GB, liveBytes: 38 * GB, diskBytes: 42 * GB, diskFreeBytes: 200 * GB })).toEqual({
      usedBytes: 38 * GB,
      capacityBytes: 100 * GB,
      freeBytes: 62 * GB,
      boundBy: 'limit',
      level: 'ample',
    })
  })

  it('measures by the disk where it ends before the limit does', () => {
    const found = room({ limitBytes: 100 * GB, liveBytes: 38 * GB, diskBytes: 42 * GB, diskFreeBytes: 3 * GB })
    expect(found).toMatchObject({ boundBy: 'disk', capacityBytes: 45 * GB, freeBytes: 3 * GB, level: 'low' })
  })

  it('finds a disk short that others fill, however little of it is ours', () => {
    expect(room({ limitBytes: null, diskBytes: 1_000_000, diskFreeBytes: 0.9 * GB }).level).toBe('low')
    expect(room({ limitBytes: null, diskBytes: 1_000_000, diskFreeBytes: 0.1 * GB }).level).toBe('very-low')
    expect(room({ limitBytes: null, diskBytes: 1_000_000, diskFreeBytes: 20 * GB }).level).toBe('ample')
  })

  it('is full when the node says so', () => {
    expect(room({ full: true, limitBytes: null }).level).toBe('full')
  })

  it('has no less than nothing free', () => {
    expect(room({ limitBytes: GB, liveBytes: 2 * GB })).toMatchObject({ freeBytes: 0, level: 'very-low' })
  })
})
