/**
 * What a request asked for, as a digest that is kept with its outcome: a request id that comes back for something else is refused
 * instead of being answered with what another request did.
 *
 * Invariants: a request that is sent again has the same digest however its values travelled; so nothing is in it that a node chooses,
 * and of the value only its size: blocks are salted, so the address of the same bytes is another one each time.
 */

import type { BlockAddress } from '../base/address.ts'
import { CanonicalWriter, choiceIndex, recordTag } from '../base/canonical-codec.ts'
import type { Digest } from '../base/digest.ts'
import type { PageOperation, PagePrecondition } from './page-batch.ts'

export const askedDigestBytes = 32

const askedFormat = recordTag('memo/asked/1')
const operationKinds = ['put', 'delete'] as const
const preconditionKinds = ['any', 'absent', 'present', 'version'] as const
/** About the bytes of an operation beside its key and content type. */
const operationBytes = 16

export function askedDigest(digest: Digest, page: BlockAddress, operations: readonly PageOperation[]): Uint8Array {
  let bytes = 64
  for (const { key } of operations) bytes += operationBytes + key.length
  const writer = new CanonicalWriter(askedFormat, bytes).bytes(page).uint(operations.length)
  for (const operation of operations) {
    writer.uint(choiceIndex(operationKinds, operation.kind)).bytes(operation.key)
    writePrecondition(writer, operation.precondition)
    if (operation.kind === 'put') writer.uint(operation.value.size).bytes(operation.value.contentType)
  }
  return digest.sha256(writer.finish())
}

function writePrecondition(writer: CanonicalWriter, precondition: PagePrecondition): void {
  writer.uint(choiceIndex(preconditionKinds, precondition.kind))
  if (precondition.kind === 'version') writer.uint(precondition.version)
}
