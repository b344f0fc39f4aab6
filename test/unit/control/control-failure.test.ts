import { ORPCError, ValidationError } from '@orpc/server'
import { describe, expect, it } from 'vitest'
import { failureSchema } from '../../../src/ipc/contract/common-schemas.ts'
import { failureOf } from '../../../src/node/api/control/control-failure.ts'
import { CodedError, errorCodes } from '../../../src/shared/coded-error.ts'

function told(error: unknown, changes = false) {
  const reported: unknown[] = []
  const report = (unexpected: unknown): string => `id-${reported.push(unexpected)}`
  return { failure: failureSchema.parse(failureOf(error, { changes, report })), reported }
}

describe('failureOf', () => {
  it.each(errorCodes.filter((code) => code !== 'internal'))('tells %s as it is', (code) => {
    const { failure, reported } = told(new CodedError(code, 'why', { details: { size: 3n, full: true } }))
    expect(failure).toMatchObject({ code, message: 'why', details: { size: '3', full: 'true' } })
    expect(reported).toEqual([])
  })

  it.each([new Error('secret'), new CodedError('internal', 'secret'), 'secret', undefined])('hides a bug: %s', (error) => {
    const { failure, reported } = told(error)
    expect(failure).toMatchObject({ code: 'internal', correlationId: 'id-1', retryable: false })
    expect(JSON.stringify(failure)).not.toContain('secret')
    expect(reported).toHaveLength(1)
  })

  it('says of a change that ran out of time that it may have been made, and of a read nothing', () => {
    const late = new CodedError('deadline-exceeded', 'late')
    expect(told(late, true).failure.details).toEqual({ outcome: 'unknown' })
    expect(told(late, false).failure.details).toEqual({})
    expect(told(new CodedError('queue-full', 'full'), true).failure).toMatchObject({ retryable: true, details: {} })
  })

  it('names the field that was refused, and its limit where it has a name', () => {
    const refused = (issue: object) =>
      new ORPCError('BAD_REQUEST', {
        message: 'Input validation failed',
        cause: new ValidationError({
          message: 'refused',
          issues: [{ message: 'too much', path: ['a', 'b'], ...issue }],
          data: 1,
        }),
      })
    expect(told(refused({})).failure).toMatchObject({
      code: 'invalid-argument',
      message: 'a.b: too much',
      details: { field: 'a.b' },
    })
    const { failure } = told(refused({ params: { limit: 'valueBytesMax', maximum: 7 } }))
    expect(failure).toMatchObject({ code: 'limit-exceeded', details: { limit: 'valueBytesMax', maximum: '7', field: 'a.b' } })
    expect(failure.message).toContain('valueBytesMax')
  })

  it('logs of an answer that breaks the contract where it does, and nothing of what it holds', () => {
    const cause = new ValidationError({
      message: 'broken',
      issues: [{ message: 'not text', path: ['key'] }],
      data: { key: 'secret' },
    })
    const { reported } = told(new ORPCError('INTERNAL_SERVER_ERROR', { message: 'Output validation failed', cause }))
    expect(reported).toEqual([new Error('broken: key: not text')])
    expect(JSON.stringify(reported[0], Object.getOwnPropertyNames(reported[0]))).not.toContain('secret')
  })
})
