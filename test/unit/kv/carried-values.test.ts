/** What a member stores of an entry that it does not apply. */
import { expect, test } from 'vitest'
import type { BlockAddress } from '../../../src/node/core/base/address.ts'
import { emptyBytes } from '../../../src/node/core/base/bytes.ts'
import type { ContentBlock, ContentHeader } from '../../../src/node/core/block/content-block.ts'
import { contentSaltBytes, encodeContentCopy, encodeContentHeader } from '../../../src/node/core/block/content-block.ts'
import type { ChangeOperation } from '../../../src/node/core/kv/page-change.ts'
import { candidateKey, candidateReason } from '../../../src/node/core/kv/record-keys.ts'
import { carriedValues } from '../../../src/node/engine/kv/page-writes.ts'
import { text } from '../../support/key-value-world.ts'

const page = new Uint8Array(32).fill(2) as BlockAddress
const address = new Uint8Array(32).fill(3) as BlockAddress
const header: ContentHeader = {
  ...{ role: 'whole', codec: 'none', cipher: 'none', secretEpoch: 0, plainBytes: 3 },
  ...{ remover: { kind: 'block', address: page }, acknowledgements: 'majority', place: { page, key: text('a') } },
}
const block: ContentBlock = {
  ...{ address, header, headerBytes: encodeContentHeader(header), owner: page, tag: emptyBytes, stored: text('abc') },
  salt: new Uint8Array(contentSaltBytes),
}
const put = (carries: ContentBlock | undefined): ChangeOperation => ({
  ...{ kind: 'put', key: { text: 'a', bytes: text('a') }, precondition: { kind: 'any' }, contentType: text('a/b') },
  value: { address, size: 3, chunks: 0, birth: 50n, block: carries, settles: [text('settled')] },
})

test('a value that travels with an entry is stored with a candidate, so that it goes where no page names it', () => {
  expect(carriedValues(page, [{ requestId: undefined, operations: [put(block)] }], 100n, 7n)).toEqual([
    { kind: 'put', family: 'content', key: address, value: encodeContentCopy(block, 100n) },
    { kind: 'put', family: 'collect', key: candidateKey(107n, address), value: candidateReason(page, text('a')) },
  ])
})

test('a value that was stored before its entry, and a removal, leave nothing', () => {
  const remove: ChangeOperation = { kind: 'delete', key: { text: 'a', bytes: text('a') }, precondition: { kind: 'any' } }
  expect(carriedValues(page, [{ requestId: undefined, operations: [put(undefined), remove] }], 100n, 7n)).toEqual([])
})
