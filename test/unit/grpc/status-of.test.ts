import { status } from '@grpc/grpc-js'
import { expect, test } from 'vitest'
import { failureOf, grpcStatusOf } from '../../../src/node/api/grpc/status-of.ts'
import { CodedError, errorCodes } from '../../../src/shared/coded-error.ts'

const facts = { changes: true, correlationId: () => 'f00d', statusBytesMax: 6144 }

test.each([
  ['invalid-argument', status.INVALID_ARGUMENT],
  ['key-not-found', status.NOT_FOUND],
  ['key-already-exists', status.ALREADY_EXISTS],
  ['block-not-found', status.NOT_FOUND],
  ['block-already-exists', status.ALREADY_EXISTS],
  ['store-not-found', status.NOT_FOUND],
  ['version-conflict', status.ABORTED],
  ['revision-changed', status.ABORTED],
  ['range-not-satisfiable', status.OUT_OF_RANGE],
  ['request-too-old', status.ABORTED],
  ['contended', status.ABORTED],
  ['unauthenticated', status.UNAUTHENTICATED],
  ['permission-denied', status.PERMISSION_DENIED],
  ['signature-invalid', status.PERMISSION_DENIED],
  ['limit-exceeded', status.RESOURCE_EXHAUSTED],
  ['queue-full', status.RESOURCE_EXHAUSTED],
  ['storage-full', status.RESOURCE_EXHAUSTED],
  ['cancelled', status.CANCELLED],
  ['deadline-exceeded', status.DEADLINE_EXCEEDED],
  ['data-corrupt', status.DATA_LOSS],
  ['store-read-only', status.FAILED_PRECONDITION],
  ['not-running', status.UNAVAILABLE],
  ['outcome-unknown', status.DEADLINE_EXCEEDED],
] as const)('%s', (code, expected) => {
  const failure = failureOf(new CodedError(code, 'why it failed'), facts)
  expect(failure.code).toBe(expected)
  expect(failure.details).toMatch(/^why it failed/)
  expect(failure.metadata.get('memo-code')).toEqual([code])
  expect(failure.hidden).toBe(false)
})

test.each([
  ['queue-full', 'nothing was changed'],
  ['storage-full', 'nothing was changed'],
  ['not-running', 'nothing was changed'],
  ['outcome-unknown', 'outcome unknown, retry with the same request id'],
  ['deadline-exceeded', 'outcome unknown, retry with the same request id'],
  ['request-too-old', 'too old, ask with Stat'],
] as const)('the caller of a change hears of %s what became of it', (code, outcome) => {
  expect(failureOf(new CodedError(code, 'why'), facts).details).toBe(`why; ${outcome}`)
  expect(failureOf(new CodedError(code, 'why'), { ...facts, changes: false }).details).toBe('why')
  expect(failureOf(new CodedError(code, `why: ${outcome}`), facts).details).toBe(`why: ${outcome}`)
})

test.each(['internal', 'config-invalid', 'store-damaged', 'key-unavailable'] as const)('%s is hidden', (code) => {
  const failure = failureOf(new CodedError(code, 'a secret'), facts)
  expect(failure).toMatchObject({ code: status.INTERNAL, hidden: true, details: expect.stringContaining('f00d') })
  expect(failure.details).not.toContain('secret')
})

test('what is not a coded error is hidden', () => {
  expect(failureOf(new TypeError('a secret'), facts)).toMatchObject({ code: status.INTERNAL, hidden: true })
  expect(failureOf('a secret', facts).details).not.toContain('secret')
})

test('a long message is cut where it would not fit the headers that clients accept', () => {
  const key = '😀'.repeat(1024)
  const { details } = failureOf(new CodedError('key-already-exists', `key already exists: ${key}`), facts)
  expect(encodeURI(details).length).toBeLessThanOrEqual(6144)
  expect(details.startsWith('key already exists: 😀😀')).toBe(true)
  expect(details.endsWith('😀…')).toBe(true)
  const plain = `key already exists: ${'k'.repeat(4096)}`
  expect(failureOf(new CodedError('key-already-exists', plain), facts).details).toBe(plain)
})

test('every code has a row', () => {
  expect(Object.keys(grpcStatusOf).sort()).toEqual([...errorCodes].sort())
})
