import type { CodedError } from '../../../shared/coded-error.ts'
import { isCoded } from '../../../shared/coded-error.ts'
import type { RecordWrite } from '../../ports/record-store.ts'
import { recordFamilies } from '../../ports/record-store.ts'
import { shortageOf } from './shortage.ts'
import { firstFormatFamilies, storeFormat } from './store-format.ts'

export interface FormatGateOptions {
  /** Of the directory. */
  readonly format: number
  /** Writes the newest format into the directory. */
  readonly raise: () => Promise<void>
  readonly giveUpReserve: () => Promise<unknown>
}

/** What is to be written, as far as the gate asks. */
interface Covered {
  readonly writes: readonly { readonly family: RecordWrite['family'] }[]
}

const laterFamilies: ReadonlySet<string> = new Set(recordFamilies.slice(firstFormatFamilies))

/** Stands before the journal: nothing passes that the directory's format does not cover. Calls must not overlap. */
export class FormatGate {
  readonly #options: FormatGateOptions
  #format: number

  constructor(options: FormatGateOptions) {
    this.#options = options
    this.#format = options.format
  }

  /**
   * Undefined where the frames may be written at once; resolves when they may, or with `storage-full` or `queue-full` when the format
   * could not be raised for the time being. Any other failure rejects.
   */
  cover(frames: readonly Covered[]): Promise<CodedError | undefined> | undefined {
    if (this.#format >= storeFormat || !frames.some(isOfLaterFormat)) return undefined
    return this.#raise()
  }

  async #raise(): Promise<CodedError | undefined> {
    const { raise, giveUpReserve } = this.#options
    let shortage = await shortageIn(raise)
    if (isCoded(shortage, 'storage-full')) {
      await giveUpReserve()
      shortage = await shortageIn(raise)
    }
    if (shortage === undefined) this.#format = storeFormat
    return shortage
  }
}

function isOfLaterFormat({ writes }: Covered): boolean {
  return writes.some(({ family }) => laterFamilies.has(family))
}

async function shortageIn(step: () => Promise<void>): Promise<CodedError | undefined> {
  try {
    await step()
    return undefined
  } catch (error) {
    const shortage = shortageOf(error)
    if (shortage === undefined) throw error
    return shortage
  }
}
