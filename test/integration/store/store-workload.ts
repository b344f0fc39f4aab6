import type { RecordFamily, RecordWrite } from '../../../src/node/ports/record-store.ts'
import { recordFamilies } from '../../../src/node/ports/record-store.ts'
import { filler, put, remove } from '../../conformance/record-store/store-bed.ts'
import type { SeededNumbers } from './crash-images.ts'

const families: readonly RecordFamily[] = ['entry', ...recordFamilies]
const valueLengths = [0, 8, 40, 200, 700, 3000, 16_384, 16_385, 24_000] as const

/** A batch like the node's: few writes, small values mostly, some payloads, overwrites and deletes of known keys. */
export function randomBatch(numbers: SeededNumbers, index: number, keys = 60): readonly RecordWrite[] {
  const writes: RecordWrite[] = [put('local', 'last', filler(12, index + 1))]
  const count = 1 + numbers.below(4)
  for (let write = 0; write < count; write++) {
    const family = families[numbers.below(families.length)]!
    const key = `${family}/${numbers.below(keys)}`
    const weight = numbers.below(20)
    if (weight < 4) writes.push(remove(family, key))
    else
      writes.push(
        put(family, key, filler(valueLengths[weight < 15 ? numbers.below(6) : numbers.below(9)]!, numbers.below(1_000_000) + 1)),
      )
  }
  return writes
}
