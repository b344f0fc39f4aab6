/**
 * The descriptor section of a root: what the network was founded as, and everything that its owners have stated since.
 *
 * Invariant: the statements are whole and in order, so whoever holds the section checks them from the network id on, across every
 * hand-over, and needs nothing else.
 */

import { assert } from '../../../shared/assert.ts'
import type { NetworkFoundation, SignedTerms } from '../access/network-descriptor.ts'
import {
  areFirstTerms,
  areNextTerms,
  decodeFoundation,
  decodeSignedTerms,
  encodeFoundation,
  encodeSignedTerms,
  networkIdOf,
} from '../access/network-descriptor.ts'
import { equalBytes } from '../base/bytes.ts'
import { CanonicalWriter, decodeCanonical, recordTag } from '../base/canonical-codec.ts'
import type { Digest } from '../base/digest.ts'
import type { SignatureVerifier } from '../base/signing.ts'

const format = recordTag('memo/descriptor-section/1')
const statementsMax = 4096

export interface DescriptorSection {
  readonly foundation: NetworkFoundation
  /** From the first to the present ones. */
  readonly terms: readonly SignedTerms[]
}

export function encodeDescriptorSection({ foundation, terms }: DescriptorSection): Uint8Array {
  const writer = new CanonicalWriter(format, 1024).bytes(encodeFoundation(foundation))
  return writer.list(terms, (each, item) => item.bytes(encodeSignedTerms(each))).finish()
}

/** Undefined when the bytes are no descriptor. Whether it is genuine is asked separately. */
export function decodeDescriptorSection(bytes: Uint8Array): DescriptorSection | undefined {
  return decodeCanonical(format, bytes, (reader) => {
    const foundation = decodeFoundation(reader.bytes())
    const terms = reader.list(statementsMax, (item) => decodeSignedTerms(item.bytes()))
    const whole = terms.filter((each) => each !== undefined)
    reader.require(foundation !== undefined && whole.length === terms.length && whole.length >= 1)
    assert(foundation !== undefined, 'the foundation was required')
    return { foundation, terms: whole }
  })
}

/** Whether this describes the network with this id, in the words of its owners. */
export function isGenuineDescriptor(
  crypto: Digest & SignatureVerifier,
  networkId: Uint8Array,
  { foundation, terms }: DescriptorSection,
): boolean {
  if (!equalBytes(networkIdOf(crypto, foundation), networkId)) return false
  return terms.every((each, index) => {
    const before = terms[index - 1]
    return before === undefined ? areFirstTerms(crypto, foundation, each) : areNextTerms(crypto, before, each)
  })
}
