/** What a caller gives to open a store, and where its parts lie. */

import type { Limits } from '../../core/base/limits.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Random } from '../../ports/random.ts'
import type { StoreEvents } from '../../ports/record-store.ts'
import type { Files } from './files.ts'
import { segmentOfName } from './journal/segment-format.ts'
import type { ReserveFile } from './reserve-file.ts'

export interface LevelStoreOptions {
  readonly directory: string
  readonly limits: Limits
  readonly byteLimit?: number
  readonly events: StoreEvents
  readonly random: Random
  /** With it the store reads itself again in the background. */
  readonly clock?: Clock
  /** Name and version of the program, kept in FORMAT for the one who meets a newer format. */
  readonly madeBy?: string
  /** Only to look at: no start is counted, no segment made, and every change is refused. What a start puts right is put right. */
  readonly inspect?: boolean
  /** Told when nobody else can be in the directory any more, before its journal is read. */
  readonly locked?: () => void
  /** The disk; tests put faults in front of it. */
  readonly files?: Files
}

export interface Opening extends LevelStoreOptions {
  /** Of the directory. */
  readonly format: number
  readonly files: Files
  readonly journalDirectory: string
  readonly indexDirectory: string
  readonly reserve: ReserveFile
}

/** Numbers of the segment files, ascending. */
export async function listSegments({ files, journalDirectory }: Opening): Promise<number[]> {
  const names = (await files.list(journalDirectory)) ?? []
  return names.flatMap((name) => segmentOfName(name) ?? []).sort((left, right) => left - right)
}
