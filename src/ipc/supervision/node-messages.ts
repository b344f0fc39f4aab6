/** What main and the node that it runs in a process of its own say to each other, over the control port between them. */

import { z } from 'zod'
import { startPhases } from '../contract/host-contract.ts'

/** Raised by every change of these messages that an older end could not take part in. */
export const supervisionVersion = 1

export const supervisionTimes = {
  /** The node shows in this interval that it is alive and not stuck. */
  heartbeatMs: 2000,
  /** An orderly stop takes at most this long; then the process is ended. */
  shutdownTimeoutMs: 10_000,
} as const

/** From the node. */
export const nodeMessageSchema = z.discriminatedUnion('kind', [
  /** The first message: the process runs, and asks how it shall start. */
  z.strictObject({ kind: z.literal('hello'), protocolVersion: z.number().int(), pid: z.number().int() }),
  /** A phase of the start has begun; the one before it is done. `ready`: the node serves. */
  z.strictObject({ kind: z.literal('phase'), phase: z.enum(startPhases) }),
  /** The configuration is known. */
  z.strictObject({ kind: z.literal('configured'), dataDirectory: z.string() }),
  /** HOST:PORT where gRPC is served. */
  z.strictObject({ kind: z.literal('serving'), grpc: z.string() }),
  z.strictObject({ kind: z.literal('heartbeat') }),
  /** The start is given up, in order: nothing was crashed. */
  z.strictObject({
    kind: z.literal('failed'),
    code: z.string(),
    message: z.string(),
    details: z.record(z.string(), z.string()),
  }),
  /** The node ends by itself, because it could not go on. */
  z.strictObject({ kind: z.literal('fault'), reason: z.string() }),
  /** Everything is flushed and closed; the process is about to end. */
  z.strictObject({ kind: z.literal('closed') }),
])
export type NodeMessage = z.infer<typeof nodeMessageSchema>

/** From main. */
export const mainMessageSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('start'),
    /** Flags as of `memo run`. */
    arguments: z.array(z.string()).max(256),
    safeMode: z.boolean(),
  }),
  /** Comes with one end of a port, whose other end a window has. */
  z.strictObject({ kind: z.literal('port') }),
  z.strictObject({ kind: z.literal('shutdown'), deadlineMs: z.number().int().positive() }),
])
export type MainMessage = z.infer<typeof mainMessageSchema>

/** What the preload forwards to its page together with a port. */
export const portOfferSchema = z.strictObject({ kind: z.enum(['host', 'node']), epoch: z.number().int().nonnegative() })
export type PortOffer = z.infer<typeof portOfferSchema>
