import type { NodeStatus } from '../../../ipc/contract/status-schemas.ts'

export interface StorageRoom {
  readonly usedBytes: number
  readonly capacityBytes: number
  readonly freeBytes: number
  /** What ends first: the limit that was set for this node, or the disk. */
  readonly boundBy: 'limit' | 'disk'
  readonly level: 'ample' | 'low' | 'very-low' | 'full'
}

const lowShare = 0.1
const veryLowShare = 0.02
/** A disk that other things fill is short whatever share of it this node takes. */
const diskLowBytes = 1_000_000_000
const diskVeryLowBytes = 200_000_000

type Storage = NodeStatus['storage']
type Room = Omit<StorageRoom, 'level'>

function roomOfDisk({ diskBytes, diskFreeBytes }: Storage): Room {
  return { usedBytes: diskBytes, capacityBytes: diskBytes + diskFreeBytes, freeBytes: diskFreeBytes, boundBy: 'disk' }
}

function roomOfLimit({ liveBytes, limitBytes }: Storage): Room | undefined {
  if (limitBytes === null) return undefined
  return { usedBytes: liveBytes, capacityBytes: limitBytes, freeBytes: Math.max(0, limitBytes - liveBytes), boundBy: 'limit' }
}

function freeShare({ freeBytes, capacityBytes }: Room): number {
  return capacityBytes <= 0 ? 0 : freeBytes / capacityBytes
}

function levelOf(room: Room, full: boolean): StorageRoom['level'] {
  if (full) return 'full'
  const onDisk = room.boundBy === 'disk'
  if (freeShare(room) < veryLowShare || (onDisk && room.freeBytes < diskVeryLowBytes)) return 'very-low'
  if (freeShare(room) < lowShare || (onDisk && room.freeBytes < diskLowBytes)) return 'low'
  return 'ample'
}

const urgency = { ample: 0, low: 1, 'very-low': 2, full: 3 } as const

/** The room that ends first. Where both are ample the limit is named, because somebody chose it. */
export function storageRoom(storage: Storage): StorageRoom {
  const disk = roomOfDisk(storage)
  const limit = roomOfLimit(storage)
  const diskLevel = levelOf(disk, false)
  if (limit === undefined) return { ...disk, level: storage.full ? 'full' : diskLevel }
  const limitLevel = levelOf(limit, false)
  const byDisk = urgency[diskLevel] > urgency[limitLevel] || disk.freeBytes < limit.freeBytes
  const room = byDisk ? disk : limit
  return { ...room, level: storage.full ? 'full' : byDisk ? diskLevel : limitLevel }
}
