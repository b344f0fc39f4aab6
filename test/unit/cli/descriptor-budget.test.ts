import { expect, test } from 'vitest'
import { connectionBudget, descriptorLimit } from '../../../src/node/cli/run/descriptor-budget.ts'

const limits = { grpcConnectionsMax: 1024, httpConnectionsMax: 128 }

test('connections leave the store its files', () => {
  expect(connectionBudget(limits, 65_536)).toEqual({ grpcConnectionsMax: 1024, warning: undefined })
  expect(connectionBudget(limits, 1024)).toEqual({
    grpcConnectionsMax: 384,
    warning: expect.stringMatching(
      /may open 1024 files, so the gRPC port takes 384 connections instead of 1024: raise the limit/,
    ),
  })
  expect(connectionBudget(limits, 300).grpcConnectionsMax).toBe(16)
})

test('the limit is the soft one that Linux tells, and none where it tells nothing', () => {
  const told =
    'Limit                     Soft Limit           Hard Limit           Units\nMax open files            1024                 4096                 files\n'
  expect(descriptorLimit(() => told)).toBe(1024)
  expect(descriptorLimit(() => 'Max open files            unlimited            unlimited            files\n')).toBeUndefined()
  expect(
    descriptorLimit(() => {
      throw new Error('no such file')
    }),
  ).toBeUndefined()
})
