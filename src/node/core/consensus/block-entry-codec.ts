/**
 * The bytes of an entry of a signed block's log; an origin node sends what it signed to the primary in the same form. docs/PROTOCOL.md,
 * Entries of signed blocks, states them field by field.
 *
 * Invariants: one encoding per entry, and every other byte string is refused; a removal has its proof. Whether a version or a proof is
 * genuine is asked by who admits the entry.
 */

import { assert } from '../../../shared/assert.ts'
import { addressBytes, addressFromBytes, isImmutable } from '../base/address.ts'
import { CanonicalWriter, choiceIndex, decodeCanonical, recordTag } from '../base/canonical-codec.ts'
import { isHlc } from '../base/hybrid-clock.ts'
import { readRequestId, writeRequestId } from '../base/request-id-codec.ts'
import type { BlockEntry } from './block-entry.ts'
import { askedBytes } from './outcome.ts'

const format = recordTag('memo/block-entry/1')
const kinds: readonly BlockEntry['kind'][] = ['birth', 'version', 'removal']

/** One above the highest version that a block has: what an update of that one would bring. */
const versionMax = 1n << 63n
/** Below the bound of an entry of any log. */
const signedBytesMax = 6 * 1024 * 1024

export function encodeBlockEntry(entry: BlockEntry): Uint8Array {
  assert(isWellFormed(entry), 'an entry that is written can be read again')
  const { address, issued, requestId, asked, forgetUpTo, generation } = entry
  const signed = entry.kind === 'removal' ? entry.proof : entry.signed
  const writer = new CanonicalWriter(format, 192 + signed.length)
  writer.uint(choiceIndex(kinds, entry.kind)).bytes(address).uint(issued)
  writeRequestId(writer, requestId)
  if (asked !== undefined) writer.bytes(asked)
  writer.uint(forgetUpTo).uint(generation)
  if (entry.kind !== 'birth') writer.uint(entry.version)
  return writer.bytes(signed).finish()
}

/** Undefined when the bytes are no entry of a signed block. */
export function decodeBlockEntry(bytes: Uint8Array): BlockEntry | undefined {
  return decodeCanonical(format, bytes, (reader) => {
    const kind = reader.choice(kinds)
    const address = addressFromBytes(reader.fixed(addressBytes))
    assert(address !== undefined, 'the length was checked')
    const issued = reader.uint64()
    const requestId = readRequestId(reader)
    const asked = requestId === undefined ? undefined : reader.fixed(askedBytes)
    const facts = { address, issued, requestId, asked, forgetUpTo: reader.uint64(), generation: reader.uint64() }
    const entry = readChange(kind, facts, kind === 'birth' ? 0n : reader.uint64(), reader.bytes(0, signedBytesMax))
    reader.require(isWellFormed(entry))
    return entry
  })
}

/** By its tag alone, for who has no record that would say whose log it is. */
export function isBlockEntry(body: Uint8Array): boolean {
  return format.field.every((byte, index) => body[index] === byte)
}

function readChange(
  kind: BlockEntry['kind'],
  facts: Pick<BlockEntry, 'address' | 'issued' | 'requestId' | 'asked' | 'forgetUpTo' | 'generation'>,
  version: bigint,
  signed: Uint8Array,
): BlockEntry {
  if (kind === 'birth') return { kind, ...facts, signed }
  return kind === 'version' ? { kind, ...facts, version, signed } : { kind, ...facts, version, proof: signed }
}

function isWellFormed(entry: BlockEntry): boolean {
  const { address, issued, requestId, asked, forgetUpTo, generation } = entry
  const signed = entry.kind === 'removal' ? entry.proof : entry.signed
  return (
    !isImmutable(address) &&
    [issued, forgetUpTo, generation].every(isHlc) &&
    (requestId === undefined) === (asked === undefined) &&
    (entry.kind === 'birth' || (entry.version >= 0n && entry.version <= versionMax)) &&
    (entry.kind !== 'removal' || signed.length > 0) &&
    signed.length <= signedBytesMax
  )
}
