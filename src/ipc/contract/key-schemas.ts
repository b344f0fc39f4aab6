import { z } from 'zod'
import { bytesSchema, hexSchema, uint64TextSchema } from './common-schemas.ts'
import { wireLimits } from './wire-limits.ts'

/** 1 to `keyBytesMax` bytes of UTF-8; the node checks the bytes. */
export const keySchema = z.string().min(1).max(wireLimits.keyBytesMax)

export const keyMetadataSchema = z.strictObject({
  key: z.string(),
  version: uint64TextSchema,
  revision: uint64TextSchema,
  /** Bytes of the value. */
  size: z.number().int().nonnegative(),
  /** As its writer said; empty when unknown. */
  contentType: z.string(),
  /** Unix milliseconds. */
  modifiedMs: z.number(),
  /** SHA-256 of the writer's public key. */
  writer: hexSchema,
  /** Of the content block that holds the value, or of its manifest. */
  address: hexSchema,
  /** 0 where the value is one block. */
  chunks: z.number().int().nonnegative(),
})
export type KeyMetadata = z.infer<typeof keyMetadataSchema>

/** What a change demands of the key's present state. */
export const expectationSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('any') }),
  z.strictObject({ kind: z.literal('absent') }),
  z.strictObject({ kind: z.literal('version'), version: uint64TextSchema }),
])
export type Expectation = z.infer<typeof expectationSchema>

/** Names one intention, so that a change is made once however often it is sent: the same id with the same change, for ten minutes. */
export const requestIdSchema = z.strictObject({
  /** 16 random bytes that name the screen's session. */
  session: z.string().regex(/^[0-9a-f]{32}$/, 'must be 32 hex digits'),
  sequence: uint64TextSchema,
  /** Unix milliseconds at which it was first sent. */
  issuedMs: z.number().int().nonnegative(),
})
export type RequestId = z.infer<typeof requestIdSchema>

export const keyPageSchema = z.strictObject({
  items: z.array(keyMetadataSchema),
  /** Whole prefixes, delimiter included, in byte order among the items. */
  prefixes: z.array(z.string()),
  /** Given back as `after` for the next page; absent exactly when the listing is complete. */
  next: z.string().optional(),
  complete: z.boolean(),
  /** What the page lacks because the store is damaged; absent where no damage was met. */
  damage: z
    .strictObject({
      /** Keys that are there and whose entries cannot be read, in byte order; they count for the page. */
      unreadable: z.array(z.string()),
      /** Keys may be missing without a trace. */
      incomplete: z.boolean(),
    })
    .optional(),
})
export type KeyPage = z.infer<typeof keyPageSchema>

export const scanPageSchema = z.strictObject({
  items: z.array(keyMetadataSchema),
  /** Keys that this page looked at. */
  scanned: z.number().int().nonnegative(),
  next: z.string().optional(),
  complete: z.boolean(),
  /** As of a page of the list; the keys that cannot be read are counted. */
  damage: z.strictObject({ unreadable: z.number().int().nonnegative(), incomplete: z.boolean() }).optional(),
})
export type ScanPage = z.infer<typeof scanPageSchema>

export const valueRangeSchema = z.strictObject({
  metadata: keyMetadataSchema,
  offset: z.number().int().nonnegative(),
  bytes: bytesSchema,
})
export type ValueRange = z.infer<typeof valueRangeSchema>

/** A conflict is an expected outcome: it carries what is there now, so that a merge needs no second round. */
export const changeResultSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('done'), metadata: keyMetadataSchema }),
  z.strictObject({
    kind: z.literal('conflict'),
    /** Absent when the key does not exist. */
    current: keyMetadataSchema.optional(),
    /** The current value, up to `conflictValueBytesMax`. */
    value: bytesSchema.optional(),
  }),
])
export type ChangeResult = z.infer<typeof changeResultSchema>
