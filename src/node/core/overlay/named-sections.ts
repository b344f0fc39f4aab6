/**
 * The sections of a root as one node gives them to another, and as a node that holds no copy of the root keeps them.
 *
 * Invariants: names rise, each once; the index says as of which slot of the root's log they stand.
 */

import { assert } from '../../../shared/assert.ts'
import { compareBytes } from '../base/bytes.ts'
import { CanonicalWriter, decodeCanonical, recordTag } from '../base/canonical-codec.ts'
import { readGroup, writeGroup } from '../consensus/ballot-codec.ts'
import type { Group } from '../consensus/group.ts'
import { isWellFormedGroup } from '../consensus/group.ts'
import type { RootSection } from './root-section.ts'
import { decodeRootSection, encodeRootSection } from './root-section.ts'

const format = recordTag('memo/root-copy/1')
const sectionsMax = 4096
const nameBytesMax = 512

export interface NamedSection {
  readonly name: Uint8Array
  readonly section: RootSection
}

export interface RootCopy {
  /** Slot of the root's log as of which the sections stand. */
  readonly index: number
  /** Who holds the root. */
  readonly group: Group
  readonly sections: readonly NamedSection[]
}

export function encodeRootCopy({ index, group, sections }: RootCopy): Uint8Array {
  const writer = new CanonicalWriter(format, 4096).uint(index)
  writeGroup(writer, group)
  return writer.list(sections, ({ name, section }, item) => item.bytes(name).bytes(encodeRootSection(section))).finish()
}

/** Undefined when the bytes are no copy of a root. */
export function decodeRootCopy(bytes: Uint8Array): RootCopy | undefined {
  return decodeCanonical(format, bytes, (reader) => {
    const index = reader.uint()
    const group = readGroup(reader)
    const sections = reader.list(sectionsMax, (item) => {
      const name = item.bytes(1, nameBytesMax)
      const section = decodeRootSection(item.bytes())
      item.require(section !== undefined)
      assert(section !== undefined, 'a section was required')
      return { name, section }
    })
    reader.require(isWellFormedGroup(group) && sections.every(({ name }, place) => isAfter(sections[place - 1]?.name, name)))
    return { index, group, sections }
  })
}

function isAfter(before: Uint8Array | undefined, name: Uint8Array): boolean {
  return before === undefined || compareBytes(before, name) < 0
}
