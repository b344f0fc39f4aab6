import { CodedError } from '../../../shared/coded-error.ts'
import { toHex } from '../../core/base/bytes.ts'
import type { BlockRecord } from '../../core/consensus/block-record.ts'
import { entryKey } from '../../core/kv/record-keys.ts'
import type { RootEntry } from '../../core/overlay/root-entry.ts'
import { applyRootEntry, decodeRootEntry } from '../../core/overlay/root-entry.ts'
import type { RootSection } from '../../core/overlay/root-section.ts'
import { decodeRootSection, encodeRootSection } from '../../core/overlay/root-section.ts'
import type { RecordStore, RecordWrite } from '../../ports/record-store.ts'
import type { AppliedEntry, BlockLogic, ChosenEntry } from '../consensus/block-logic.ts'

/** What the entries of the network's root do. */
export class RootLogic implements BlockLogic {
  readonly #store: RecordStore

  constructor(store: RecordStore) {
    this.#store = store
  }

  /** The network has to go on where keys do not. */
  spaceOf(): 'reserve' {
    return 'reserve'
  }

  async apply(record: BlockRecord | undefined, { address, body }: ChosenEntry): Promise<AppliedEntry> {
    const entry = decodeRootEntry(body)
    if (entry === undefined || record?.state.kind !== 'map') throw corrupt()
    const { sections, result, ...applied } = applyRootEntry(record, entry, await this.#present(address, entry))
    const writes = sections.map(({ name, section }): RecordWrite => {
      const key = entryKey(address, name)
      if (section === undefined) return { kind: 'delete', family: 'entry', key }
      return { kind: 'put', family: 'entry', key, value: encodeRootSection(section) }
    })
    return { record: applied.record, writes, result }
  }

  async #present(root: BlockRecord['address'], { changes }: RootEntry): Promise<ReadonlyMap<string, RootSection>> {
    const present = new Map<string, RootSection>()
    for (const { name } of changes) {
      const bytes = await this.#store.get('entry', entryKey(root, name))
      if (bytes === undefined) continue
      const section = decodeRootSection(bytes)
      if (section === undefined) throw corrupt()
      present.set(toHex(name), section)
    }
    return present
  }
}

function corrupt(): CodedError {
  return new CodedError('data-corrupt', 'an entry or a section of the root cannot be read')
}
