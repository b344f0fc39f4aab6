import { z } from 'zod'
import { errorCodes } from '../../shared/coded-error.ts'
import { wireLimits } from './wire-limits.ts'

/** A version or revision: an unsigned number of 64 bits in decimal digits, because JSON has no such number. */
export const uint64TextSchema = z.string().regex(/^(0|[1-9]\d{0,19})$/, 'must be decimal digits')

export const hexSchema = z.string().regex(/^[0-9a-f]*$/)

export const bytesSchema = z.instanceof(Uint8Array).refine((bytes) => bytes.length <= wireLimits.valueBytesMax, {
  message: `at most ${wireLimits.valueBytesMax} bytes travel at once`,
  params: { limit: 'valueBytesMax', maximum: wireLimits.valueBytesMax },
})

/** What a declared error carries beside its code; never a stack. */
export const failureSchema = z.strictObject({
  code: z.enum(errorCodes),
  /** Written for the person who reads it. */
  message: z.string(),
  retryable: z.boolean(),
  details: z.record(z.string(), z.string()),
  /** Names the line of the node's log where the code is `internal`. */
  correlationId: z.string().optional(),
})
export type Failure = z.infer<typeof failureSchema>

/** Every procedure fails with this one error; `data.code` says how. */
export const declaredErrors = { FAILED: { status: 500, message: 'the call failed', data: failureSchema } } as const
