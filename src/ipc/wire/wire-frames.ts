/** Which frames a side takes from the other; everything else is refused before the library sees it. */

import { z } from 'zod'

const frameId = z.string().min(1).max(32)
const frameTypes = { event: 3, abort: 4 } as const

/** What a screen may send: a call of a procedure by its path, or the end of one. No contract has a stream in this direction. */
const callFrameSchema = z.union([
  z.strictObject({
    i: frameId,
    p: z.strictObject({
      u: z.string().regex(/^\/[A-Za-z0-9/_-]{1,128}$/),
      b: z.unknown().optional(),
      // A cloned frame names what it leaves out: neither headers nor another method than POST.
      h: z.undefined().optional(),
      m: z.undefined().optional(),
    }),
  }),
  z.strictObject({ i: frameId, t: z.literal(frameTypes.abort), p: z.undefined().optional() }),
])

/** What a screen takes: an answer, an event of a stream, or its end. */
const answerFrameSchema = z.union([
  z.strictObject({
    i: frameId,
    p: z.strictObject({
      s: z.number().int().min(200).max(599).optional(),
      h: z.strictObject({ 'content-type': z.literal('text/event-stream') }).optional(),
      b: z.unknown().optional(),
    }),
  }),
  z.strictObject({
    i: frameId,
    t: z.literal(frameTypes.event),
    p: z.strictObject({ e: z.enum(['message', 'error', 'done']), d: z.unknown().optional(), m: z.undefined().optional() }),
  }),
  z.strictObject({ i: frameId, t: z.literal(frameTypes.abort), p: z.undefined().optional() }),
])

/** Of text the object that it stands for. Undefined for what is no frame of this direction. */
export function callFrame(message: unknown): object | undefined {
  return frameOf(message, callFrameSchema)
}

export function answerFrame(message: unknown): object | undefined {
  return frameOf(message, answerFrameSchema)
}

function frameOf(message: unknown, schema: typeof callFrameSchema | typeof answerFrameSchema): object | undefined {
  try {
    return schema.safeParse(typeof message === 'string' ? JSON.parse(message) : message).data
  } catch {
    return undefined // not JSON
  }
}
