/** A line of an export or import: what the node takes, and what a screen may promise of it before. */

import { z } from 'zod'

/**
 * A whole value in base64, or one part of a large one. Parts of a value follow each other, count from 1, the first says the size of
 * all in bytes, the last says so.
 */
export const ndjsonLineSchema = z.strictObject({
  key: z.string().min(1),
  value: z.string(),
  contentType: z.string().optional(),
  version: z.union([z.number(), z.string()]).optional(),
  part: z.number().int().min(1).optional(),
  size: z.number().int().min(0).optional(),
  last: z.boolean().optional(),
})
export type NdjsonLine = z.output<typeof ndjsonLineSchema>
