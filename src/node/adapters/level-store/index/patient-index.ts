/**
 * Writes the batches of an index so that a disk without room, or a system without file descriptors, costs time and nothing else. The
 * journal holds all that a batch carries, so a batch that was refused may wait; LevelDB itself is not to be trusted after a failed
 * write and is opened again first. It opens without what a damaged log has lost, so its batches are looked for then.
 *
 * Invariant: LevelDB is closed only when there is room to open it, because nothing can be read while it is not open.
 */

import { CodedError, isCoded } from '../../../../shared/coded-error.ts'
import { shortageOf } from '../shortage.ts'
import type { IndexChange, LevelIndex } from './level-index.ts'

/** Where room comes from when a write found none. */
export interface IndexRoom {
  /** Called before each write; gives up the reserve where there is little room. */
  makeRoom(): Promise<void>
  /** Gives it up for certain; resolves to the bytes that are then free. */
  giveUpReserve(): Promise<number>
  /** Bytes that LevelDB may need to open. */
  readonly reopenBytes: number
  /** Whether it would find the file descriptors. */
  canOpenFiles(): Promise<boolean>
}

export class PatientIndex {
  readonly #index: LevelIndex
  readonly #room: IndexRoom | undefined
  readonly #verifyReopened: () => Promise<void>
  #refused: CodedError | undefined
  /** Counts the beginning and the end of each reopening: what was looked at in between says nothing of what is open then. */
  #openings = 0
  /** Of these it was seen that every batch is there. */
  #verified = 0

  /** `verifyReopened` throws where LevelDB was opened without a batch that was written. */
  constructor(index: LevelIndex, room: IndexRoom | undefined, verifyReopened: () => Promise<void>) {
    this.#index = index
    this.#room = room
    this.#verifyReopened = verifyReopened
  }

  /**
   * `marker` is one of the changes, with a key that no other batch has. Throws `storage-full` or `queue-full` when the same batch is to
   * be handed over again later; any other error is final.
   */
  async write(changes: readonly IndexChange[], marker: { readonly key: Buffer; readonly value: Buffer }): Promise<void> {
    const room = this.#room
    if (room === undefined) return await this.#index.write(changes)
    await patiently(room.makeRoom())
    if (this.#verified === this.#openings) {
      const before = this.#refused
      if (before === undefined || isCoded(before, 'queue-full')) {
        if (await this.#wrote(changes)) return
        // LevelDB may have lacked a file for its next log only, and then goes on by itself.
        if (before === undefined && isCoded(this.#refused, 'queue-full')) throw this.#refused
      }
      await this.#openAgain(room)
    }
    await this.#verify()
    // A write whose sync was refused may lie in the log as a whole, and would count twice.
    if ((await this.#index.get(marker.key))?.equals(marker.value) === true) return
    if (!(await this.#wrote(changes))) throw this.#refused
  }

  /** Everything written before the call lies in tables, or `storage-full` or `queue-full`. */
  async flushToTables(): Promise<void> {
    await this.#verify()
    try {
      await this.#index.flushToTables()
      // The index may have been opened again on the way, and what lies in its tables is looked for nowhere else.
      await this.#verify()
    } catch (error) {
      this.#refused = shortageOf(error) ?? this.#refused
      throw error
    }
  }

  async #wrote(changes: readonly IndexChange[]): Promise<boolean> {
    try {
      await this.#index.write(changes)
      this.#refused = undefined
      return true
    } catch (error) {
      const shortage = shortageOf(error)
      if (shortage === undefined) throw error
      this.#refused = shortage
      return false
    }
  }

  async #openAgain(room: IndexRoom): Promise<void> {
    const isFull = isCoded(this.#refused, 'storage-full')
    if (isFull && (await patiently(room.giveUpReserve())) < room.reopenBytes) throw this.#refused
    if (!(await room.canOpenFiles())) throw this.#refused
    this.#openings++
    try {
      await this.#index.reopen()
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      const message = `after a write was refused the index could not be opened again: ${reason}; restart the node`
      throw new CodedError('internal', message, { cause: error })
    }
    this.#openings++
    this.#refused = undefined
  }

  /** Owed until it was done once: a table that is written, or a marker that goes, would hide what is missing from every later start. */
  async #verify(): Promise<void> {
    const seen = this.#openings
    if (this.#verified === seen) return
    await this.#verifyReopened()
    this.#verified = seen
  }
}

/** What is lacked for a while has one of two codes. */
async function patiently<Result>(asked: Promise<Result>): Promise<Result> {
  try {
    return await asked
  } catch (error) {
    throw shortageOf(error) ?? error
  }
}
