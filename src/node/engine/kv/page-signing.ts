import type { BlockAddress } from '../../core/base/address.ts'
import { emptyBytes, equalBytes } from '../../core/base/bytes.ts'
import type { Digest } from '../../core/base/digest.ts'
import type { Signer } from '../../core/base/signing.ts'
import type { BatchedOperation, SignedBatch } from '../../core/block/signed-batch.ts'
import { encodeSignedBatch, signBatch } from '../../core/block/signed-batch.ts'
import type { PageBatch, PageOperation, PageRequest } from '../../core/kv/page-batch.ts'
import { pageRequestOf } from '../../core/kv/page-change.ts'
import type { PageEntryPart } from '../../core/kv/page-entry.ts'

/** Who signs the batches of a node, and for whom. */
export interface BatchOrigin {
  readonly networkId: Uint8Array
  /** The node's own key. */
  readonly signer: Signer
  readonly digest: Digest
}

/** The bytes that the page keeps of a batch: its operations under one signature of the node. */
/** Whether a batch says what a part holds. Its signature is asked about separately. */
export function isSignatureOf(digest: Digest, batch: SignedBatch, page: BlockAddress, part: PageEntryPart): boolean {
  const { session, sequence, writer, changes } = part
  const requests = changes.map((change) => pageRequestOf(change, batch.issued))
  const operations = operationsOf(digest, requests)
  const expected = { ...batch, destination: page, session, sequence, writer, operations }
  return equalBytes(encodeSignedBatch(batch), encodeSignedBatch(expected))
}

export function signedPageBatch(origin: BatchOrigin, destination: BlockAddress, batch: PageBatch): Uint8Array {
  const { networkId, signer, digest } = origin
  const { session, sequence, hlc: issued, writer } = batch
  const operations = operationsOf(digest, batch.requests)
  return signBatch(digest, signer, { networkId, destination, session, sequence, issued, writer, operations }).encoded
}

function operationsOf(digest: Digest, requests: readonly PageRequest[]): readonly BatchedOperation[] {
  const operations: BatchedOperation[] = []
  for (const request of requests) {
    for (const operation of request.operations) operations.push(batchedOperation(digest, request, operation))
  }
  return operations
}

function batchedOperation(digest: Digest, { requestId }: PageRequest, operation: PageOperation): BatchedOperation {
  const put = operation.kind === 'put' ? operation.value : undefined
  return {
    kind: operation.kind,
    keyDigest: digest.sha256(operation.key),
    contentType: put?.contentType ?? emptyBytes,
    expiry: 0n,
    precondition: operation.precondition,
    ...(put !== undefined && { valueAddress: put.address }),
    ...(requestId !== undefined && { requestId }),
  }
}
