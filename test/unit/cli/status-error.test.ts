import { Metadata, status } from '@grpc/grpc-js'
import { expect, test } from 'vitest'
import { codedFromStatus } from '../../../src/node/cli/client/status-error.ts'

function failureOf(code: status, details: string, changes: boolean, memoCode?: string) {
  const metadata = new Metadata()
  if (memoCode !== undefined) metadata.set('memo-code', memoCode)
  const error = Object.assign(new Error(details), { code, details, metadata })
  return codedFromStatus(error, { address: '127.0.0.1:7070', tls: false, certificate: false, changes })
}

const broken: readonly (readonly [status, string])[] = [
  [status.UNAVAILABLE, 'Connection dropped'],
  [status.UNAVAILABLE, 'read ECONNRESET'],
  [status.UNAVAILABLE, 'read ETIMEDOUT'],
  [status.INTERNAL, 'Received RST_STREAM with code 2 triggered by internal client error: write EPIPE'],
  [status.INTERNAL, 'Received RST_STREAM with code 2 (Internal server error)'],
  [status.INTERNAL, 'Received RST_STREAM with code 0 (Call ended without gRPC status)'],
]

test.each(broken)('status %i "%s" under a change leaves its outcome unknown', (code, details) => {
  const error = failureOf(code, details, true)
  expect(error.code).toBe('outcome-unknown')
  expect(error.message).toContain('whether it was done is unknown')
})

test.each(broken)('status %i "%s" under a read is a node that went away', (code, details) => {
  const error = failureOf(code, details, false)
  expect(error.code).toBe('not-running')
  expect(error.message).toContain('the connection to 127.0.0.1:7070 broke before the whole answer')
})

test('what the node says itself is taken as it is, and a connection that never was is no broken one', () => {
  expect(failureOf(status.INTERNAL, 'Received RST_STREAM', true, 'internal').code).toBe('internal')
  expect(failureOf(status.UNAVAILABLE, 'the node stops: connections are dropped', true, 'not-running').code).toBe('not-running')
  expect(failureOf(status.INTERNAL, 'something else', true).code).toBe('internal')
  const refused = 'No connection established. Last error: connect ECONNREFUSED 127.0.0.1:7070. Resolution note: '
  const reset = 'No connection established. Last error: read ECONNRESET. Resolution note: '
  for (const details of [refused, reset]) {
    const error = failureOf(status.UNAVAILABLE, details, true)
    expect(error.code).toBe('not-running')
    expect(error.message).toContain('no node answers at 127.0.0.1:7070')
  }
})

test('a time that ran out says whether anything was sent', () => {
  for (const details of [
    'Deadline exceeded after 0.003s,waiting for name resolution',
    'Deadline exceeded after 2.001s,name resolution: 0.002s,metadata filters: 0.001s,Waiting for LB pick',
  ]) {
    const error = failureOf(status.DEADLINE_EXCEEDED, details, true)
    expect([error.code, error.message]).toEqual([
      'not-running',
      'no node answers at 127.0.0.1:7070 within the time given: nothing was sent',
    ])
  }
  const sent = 'Deadline exceeded after 2.001s,name resolution: 0.002s,remote_addr=127.0.0.1:7070'
  expect(failureOf(status.DEADLINE_EXCEEDED, sent, true)).toMatchObject({
    code: 'deadline-exceeded',
    message: '127.0.0.1:7070 did not answer within the time given: whether it was done is unknown',
  })
  expect(failureOf(status.DEADLINE_EXCEEDED, sent, false).message).toBe('127.0.0.1:7070 did not answer within the time given')
  expect(failureOf(status.DEADLINE_EXCEEDED, 'the queue is full', false, 'deadline-exceeded').message).toBe('the queue is full')
})

test.each([
  [status.UNAVAILABLE, 'No connection established. Last error: read ECONNRESET. Resolution note: '],
  [status.UNAVAILABLE, 'No connection established. Last error: Failed to connect. Resolution note: '],
  [status.UNAVAILABLE, 'read ECONNRESET'],
  [status.UNAVAILABLE, 'No connection established. Last error: tlsv1 alert unknown ca. Resolution note: '],
])('status %i "%s" with a certificate of the caller names it as what may be refused', (code, details) => {
  const error = Object.assign(new Error(details), { code, details, metadata: new Metadata() })
  const target = { address: '127.0.0.1:7070', tls: true, changes: false }
  const message = codedFromStatus(error, { ...target, certificate: true }).message
  expect(message).toMatch(/--tls-cert.*of an authority that the node knows, and not expired/)
  expect(codedFromStatus(error, { ...target, certificate: false }).message).not.toContain('and not expired')
})

test('a port that nobody listens at is not blamed on the certificate', () => {
  const details = 'No connection established. Last error: connect ECONNREFUSED 127.0.0.1:7070. Resolution note: '
  const error = Object.assign(new Error(details), { code: status.UNAVAILABLE, details, metadata: new Metadata() })
  const target = { address: '127.0.0.1:7070', tls: true, certificate: true, changes: false }
  expect(codedFromStatus(error, target).message).not.toContain('--tls-cert')
})
