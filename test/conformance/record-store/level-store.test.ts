import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { LevelBed } from '../../integration/store/level-bed.ts'
import { filesBelow, levelBed } from '../../integration/store/level-bed.ts'
import { describeRecordStore } from './record-store-suite.ts'
import type { Damage } from './store-bed.ts'

/** The files of one kind, the newest last. */
function filesOf(bed: LevelBed, kind: RegExp): readonly string[] {
  return filesBelow(bed.directory)
    .filter((file) => kind.test(file))
    .map((file) => join(bed.directory, file))
}

function flip(name: string, verdict: Damage['verdict'], kind: RegExp, offsetOf: (bytes: Buffer) => number): Damage {
  return {
    name: `a flipped bit in ${name}`,
    verdict,
    closed: true,
    apply: async (bed) => {
      const path = filesOf(bed as LevelBed, kind).at(-1)
      if (path === undefined) return false
      const bytes = readFileSync(path)
      const offset = offsetOf(bytes)
      if (offset < 0 || offset >= bytes.length) return false
      bytes.writeUInt8(bytes.readUInt8(offset) ^ 4, offset)
      writeFileSync(path, bytes)
      return true
    },
  }
}

function lose(name: string, verdict: Damage['verdict'], kind: RegExp): Damage {
  return {
    name: `missing: ${name}`,
    verdict,
    closed: true,
    apply: async (bed) => {
      const paths = filesOf(bed as LevelBed, kind)
      for (const path of paths) rmSync(path)
      return paths.length > 0
    },
  }
}

/** The disk cannot read the newest file of a kind, or the sector with its middle. */
function unreadable(name: string, verdict: Damage['verdict'], kind: RegExp, sectorOf?: (bytes: Buffer) => number): Damage {
  return {
    name: `unreadable: ${name}`,
    verdict,
    closed: true,
    apply: async (bed) => {
      const { faulty } = bed as LevelBed
      const file = filesOf(bed as LevelBed, kind).at(-1)
      if (file === undefined) return false
      const from = sectorOf === undefined ? undefined : Math.floor(sectorOf(readFileSync(file)) / 4096) * 4096
      faulty.readFaults = [{ path: file, code: 'EIO', ...(from !== undefined && { range: { from, to: from + 4096 } }) }]
      return true
    },
  }
}

const half = (bytes: Buffer) => Math.floor(bytes.length / 2)

describeRecordStore('level store', levelBed, {
  durable: true,
  modelRuns: 25,
  damages: [
    flip('the identity', 'found', /^store$/, half),
    flip('FORMAT', 'found', /^FORMAT$/, () => 2),
    flip('CURRENT', 'found', /^index\/CURRENT$/, half),
    flip('a LevelDB manifest', 'found', /^index\/MANIFEST/, half),
    flip('the foot of a LevelDB table', 'found', /^index\/.*\.(ldb|sst)$/, (bytes) => bytes.length - 3),
    unreadable('the identity', 'found', /^store$/),
    unreadable('FORMAT', 'found', /^FORMAT$/),
    unreadable('CURRENT', 'found', /^index\/CURRENT$/),
    unreadable('a LevelDB manifest', 'found', /^index\/MANIFEST/),
    unreadable('a LevelDB table', 'found', /^index\/.*\.(ldb|sst)$/),
    unreadable('a sector of a LevelDB table', 'found', /^index\/.*\.(ldb|sst)$/, half),
    unreadable('a LevelDB log', 'found', /^index\/.*\.log$/),
    unreadable('the first segment', 'found', /^journal\/.*1\.seg$/),
    lose('identity', 'found', /^store$/),
    lose('FORMAT', 'found', /^FORMAT$/),
    lose('CURRENT', 'found', /^index\/CURRENT$/),
    lose('the LevelDB manifest', 'found', /^index\/MANIFEST/),
    lose('LevelDB tables', 'found', /^index\/.*\.(ldb|sst)$/),
    lose('the journal', 'found', /^journal\//),
  ],
})
