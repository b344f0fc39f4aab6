import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { inflateRawSync } from 'node:zlib'
import type { Limits } from '../../../src/node/core/base/limits.ts'
import type { RecordFamily, RecordWrite } from '../../../src/node/ports/record-store.ts'
import { filler, put, remove } from '../../conformance/record-store/store-bed.ts'
import { History } from '../../conformance/record-store/store-verdict.ts'
import { tightLimits } from './level-bed.ts'

/** Folders that were written by a memo of format 1, which knew seven families, as base64 of deflated files by path. */
interface FormerStores {
  readonly about: string
  readonly stores: Readonly<
    Record<FormerStoreName, { readonly batches: number; readonly files: Readonly<Record<string, string>> }>
  >
}

/** `crashed`: its last batches are in the journal only. */
export type FormerStoreName = 'closed' | 'crashed'

const formerFamilies: readonly RecordFamily[] = ['local', 'content', 'block', 'entry', 'outcome', 'collect', 'tombstone']

/** What FORMAT says. */
export function formatOf(root: string): number {
  const [body = ''] = readFileSync(join(root, 'FORMAT'), 'utf8').split('\n')
  return (JSON.parse(body) as { readonly format: number }).format
}

/** Under which the folders were written; nothing is reclaimed. */
export const formerLimits: Limits = {
  ...tightLimits,
  batchBytesMax: 32 * 1024,
  segmentBytes: 48 * 1024,
  inlinePayloadBytesMax: 512,
  reclaimLivePercent: 0,
}

/** The batches that the folders hold, by number from 0. */
export function formerBatch(number: number): readonly RecordWrite[] {
  const family = formerFamilies[number % formerFamilies.length] ?? 'local'
  const other = formerFamilies[(number * 3 + 1) % formerFamilies.length] ?? 'local'
  return [
    put(family, `k/${number % 11}`, filler(number % 5 === 4 ? 700 : (number * 77) % 150, number + 1)),
    remove(other, `k/${(number * 5) % 11}`),
  ]
}

/** Unpacks a folder; what was acknowledged in it. */
export function unpackFormerStore(name: FormerStoreName, root: string): History {
  const { stores } = JSON.parse(readFileSync(join(import.meta.dirname, 'former-stores.json'), 'utf8')) as FormerStores
  for (const [file, packed] of Object.entries(stores[name].files)) {
    mkdirSync(dirname(join(root, file)), { recursive: true })
    writeFileSync(join(root, file), inflateRawSync(Buffer.from(packed, 'base64')))
  }
  const history = new History()
  for (let number = 0; number < stores[name].batches; number++) history.acknowledged(formerBatch(number))
  return history
}
