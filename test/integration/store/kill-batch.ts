import type { RecordWrite } from '../../../src/node/ports/record-store.ts'
import { filler, put, remove } from '../../conformance/record-store/store-bed.ts'

/** Every batch has its own records, overwrites shared ones and removes an older batch's; all of it follows from its number. */
export function killBatch(number: number): readonly RecordWrite[] {
  const writes = [
    put('entry', `own/${number}`, filler(40 + (number % 200), number)),
    put('block', `pair/${number}`, filler(16, number)),
    put('local', 'last', String(number)),
  ]
  if (number % 16 === 0) writes.push(put('content', `payload/${number}`, filler(20_000, number)))
  if (number > 400) writes.push(remove('entry', `own/${number - 400}`), remove('block', `pair/${number - 400}`))
  return writes
}
