import fc from 'fast-check'
import { compareBytes } from '../../../src/node/core/base/bytes.ts'
import type { NamedSection, RootCopy } from '../../../src/node/core/overlay/named-sections.ts'
import type { RootEntry } from '../../../src/node/core/overlay/root-entry.ts'
import { bytesOf, hlc, someBytes, uint64 } from '../block/block-arbitraries.ts'
import { group } from '../consensus/consensus-arbitraries.ts'

const name = fc.uint8Array({ minLength: 1, maxLength: 40 })

const namedSection: fc.Arbitrary<NamedSection> = fc.record({
  name,
  section: fc.record({ version: uint64, revision: uint64, session: bytesOf(16), sequence: uint64, body: someBytes() }),
})

export const rootCopy: fc.Arbitrary<RootCopy> = fc.record({
  index: fc.maxSafeNat(),
  group,
  sections: fc
    .uniqueArray(namedSection, { maxLength: 5, comparator: (left, right) => compareBytes(left.name, right.name) === 0 })
    .map((sections) => sections.toSorted((left, right) => compareBytes(left.name, right.name))),
})

export const rootEntry: fc.Arbitrary<RootEntry> = fc.record({
  hlc,
  session: bytesOf(16),
  sequence: uint64,
  changes: fc.array(fc.record({ name, version: uint64, body: fc.option(someBytes(), { nil: undefined }) }), {
    minLength: 1,
    maxLength: 5,
  }),
  signed: someBytes(),
})
