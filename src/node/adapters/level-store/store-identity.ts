/** The identity file of an open store: who it is, how often it was started, and what it is known to have lost. */

import type { Opening } from './opening.ts'
import type { StoreFile } from './store-files.ts'
import { writeStoreFile } from './store-files.ts'

const storeIdBytes = 16
const saltBytes = 8

export class StoreIdentityFile {
  readonly #opening: Opening
  #file: StoreFile

  constructor(opening: Opening, known: StoreFile | undefined) {
    const { random } = opening
    this.#opening = opening
    this.#file = known ?? {
      storeId: random.bytes(storeIdBytes),
      salt: random.bytes(saltBytes),
      bootCount: 0,
      provenThrough: 0,
      findings: [],
    }
  }

  get file(): StoreFile {
    return this.#file
  }

  /** Remembers durably that something is missing. With the first finding the store takes a new id. */
  async lost(finding: string): Promise<void> {
    const { findings, storeId } = this.#file
    this.#opening.events.damageFound({ finding })
    if (findings.includes(finding)) return
    const fresh = findings.length === 0 ? this.#opening.random.bytes(storeIdBytes) : storeId
    await this.#write({ ...this.#file, storeId: fresh, findings: [...findings, finding] })
  }

  /** Counts a start. */
  started(sequence: number): Promise<void> {
    const { bootCount, provenThrough } = this.#file
    return this.#write({ ...this.#file, bootCount: bootCount + 1, provenThrough: Math.max(provenThrough, sequence) })
  }

  /** The end of the journal at a clean stop. */
  stopped(sequence: number): Promise<void> {
    return this.#write({ ...this.#file, provenThrough: sequence })
  }

  /** What was lost is accepted: the store goes on under a new id. */
  recovered(sequence: number): Promise<void> {
    const storeId = this.#opening.random.bytes(storeIdBytes)
    return this.#write({ ...this.#file, storeId, provenThrough: sequence, findings: [] })
  }

  async #write(file: StoreFile): Promise<void> {
    await writeStoreFile(this.#opening.files, this.#opening.directory, file)
    this.#file = file
  }
}
