/**
 * Writes the batches of an index so that a disk without room costs time and nothing else. The journal holds all that a batch carries,
 * so a batch that found no room may wait; LevelDB itself is not to be trusted after a failed write and is opened again first.
 *
 * Invariant: LevelDB is closed only when there is room to open it, because nothing can be read while it is not open.
 */

import { CodedError, isCoded } from '../../../../shared/coded-error.ts'
import type { IndexChange, LevelIndex } from './level-index.ts'

/** Where room comes from when a write found none. */
export interface IndexRoom {
  /** Called before each write; gives up the reserve where there is little room. */
  makeRoom(): Promise<void>
  /** Gives it up for certain; resolves to the bytes that are then free. */
  giveUpReserve(): Promise<number>
  /** Bytes that LevelDB may need to open. */
  readonly reopenBytes: number
}

export class PatientIndex {
  readonly #index: LevelIndex
  readonly #room: IndexRoom | undefined
  #refused: CodedError | undefined

  constructor(index: LevelIndex, room: IndexRoom | undefined) {
    this.#index = index
    this.#room = room
  }

  /**
   * `marker` is one of the changes, with a key that no other batch has. Throws `storage-full` when the same batch is to be handed
   * over again later; any other error is final.
   */
  async write(changes: readonly IndexChange[], marker: { readonly key: Buffer; readonly value: Buffer }): Promise<void> {
    const room = this.#room
    if (room === undefined) return await this.#index.write(changes)
    await room.makeRoom()
    if (this.#refused === undefined) {
      if (await this.#wrote(changes)) return
    }
    await this.#openAgain(room)
    // A write whose sync was refused may lie in the log as a whole, and would count twice.
    if ((await this.#index.get(marker.key))?.equals(marker.value) === true) return
    if (!(await this.#wrote(changes))) throw this.#refused
  }

  /** Everything written before the call lies in tables, or `storage-full`. */
  async flushToTables(): Promise<void> {
    try {
      await this.#index.flushToTables()
    } catch (error) {
      if (isCoded(error, 'storage-full')) this.#refused = error
      throw error
    }
  }

  async #wrote(changes: readonly IndexChange[]): Promise<boolean> {
    try {
      await this.#index.write(changes)
      return true
    } catch (error) {
      if (!isCoded(error, 'storage-full')) throw error
      this.#refused = error
      return false
    }
  }

  async #openAgain(room: IndexRoom): Promise<void> {
    const freeBytes = await room.giveUpReserve()
    if (freeBytes < room.reopenBytes) throw this.#refused
    try {
      await this.#index.reopen()
    } catch (error) {
      throw new CodedError('internal', 'the disk is full and the index could not be opened again', { cause: error })
    }
    this.#refused = undefined
  }
}
