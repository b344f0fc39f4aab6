import { expect, test } from 'vitest'
import type { Failure } from '../../../../src/ipc/contract/common-schemas.ts'
import { saveFailureText } from '../../../../src/renderer/features/keys/edit/save-failure-text.ts'
import { createTexts } from '../../../../src/renderer/text/i18n.ts'

const t = createTexts().getFixedT('en', 'keys')
const index = 'the index is damaged: puts are refused, removals are taken for a while: restart the node, which makes it anew'
const failed = (message: string, change: Partial<Failure> = {}) =>
  saveFailureText({ code: 'data-corrupt', message, retryable: false, details: {}, ...change }, t)

test('of a damaged index, what is wrong and what to do come first, in sentences', () => {
  const text =
    'Not saved. The index is damaged. Puts are refused, removals are taken for a while. Restart the node, which makes it anew.'
  expect(failed(index)).toBe(text)
  expect(failed(`whether this is stored cannot be told: ${index}`, { details: { hidden: 'true' } })).toBe(text)
})

test('any other failure is told as it is', () => {
  expect(failed('The disk is full: 3 bytes.', { code: 'storage-full' })).toBe('Not saved: The disk is full: 3 bytes.')
})
