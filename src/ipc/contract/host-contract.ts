/** What only the program around the screens can do: the desktop's main process serves this; in a browser a reduced stand-in does. */

import { eventIterator, oc } from '@orpc/contract'
import { z } from 'zod'
import { declaredErrors } from './common-schemas.ts'

export const startPhases = ['lock', 'store', 'identity', 'ports', 'ready'] as const
export type StartPhase = (typeof startPhases)[number]

/** Why a node did not start, as far as there is something to be done about it. */
export const startFailureCodes = ['port-in-use', 'storage-full', 'store-locked', 'store-newer-format', 'other'] as const

export const nodeRunSchema = z.strictObject({
  state: z.enum(['stopped', 'starting', 'running', 'not-responding', 'stopping', 'crashed', 'failed']),
  /** Counts the runs of the node: a new one means a new port. */
  epoch: z.number().int(),
  safeMode: z.boolean(),
  /** Phases of the present or last start, in order. */
  phases: z.array(
    z.strictObject({
      name: z.enum(startPhases),
      state: z.enum(['waiting', 'running', 'done', 'slow', 'failed']),
      startedMs: z.number().optional(),
      /** Time after which it counts as slow. */
      budgetMs: z.number(),
    }),
  ),
  /** The start was refused by the node itself, in order. */
  failure: z
    .strictObject({
      kind: z.enum(startFailureCodes),
      code: z.string(),
      message: z.string(),
      details: z.record(z.string(), z.string()),
    })
    .optional(),
  /** The process ended by itself. */
  crash: z
    .strictObject({
      reason: z.string(),
      exitCode: z.number().nullable(),
      atMs: z.number(),
      /** Crashes in the last five minutes. */
      recent: z.number().int(),
    })
    .optional(),
  /** Unix milliseconds of the next attempt to start. */
  restartAtMs: z.number().optional(),
  /** The last lines of the node's log, newest last. */
  logTail: z.array(z.string()),
})
export type NodeRun = z.infer<typeof nodeRunSchema>

export const hostCapabilitiesSchema = z.strictObject({
  host: z.enum(['desktop', 'browser']),
  platform: z.string(),
  appVersion: z.string(),
  /** Starts, stops and restarts the node. */
  supervises: z.boolean(),
  /** Shows a file in the file manager of the system. */
  showsFiles: z.boolean(),
  /** Signs out of the session. */
  signsOut: z.boolean(),
})
export type HostCapabilities = z.infer<typeof hostCapabilitiesSchema>

export const hostEventSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('node'), run: nodeRunSchema }),
  z.strictObject({ kind: z.literal('window'), visible: z.boolean() }),
  z.strictObject({ kind: z.literal('command'), command: z.string() }),
])
export type HostEvent = z.infer<typeof hostEventSchema>

const base = oc.errors(declaredErrors)

export const hostContract = {
  capabilities: base.output(hostCapabilitiesSchema),
  /** The present state first, then every change. `command`: a menu entry, by its name in the shortcut registry. */
  watch: base.output(eventIterator(hostEventSchema)),
  node: {
    start: base.output(z.null()),
    stop: base.output(z.null()),
    restart: base.output(z.null()),
    /** Starts with the store open for reading only, and without other nodes. */
    startSafely: base.output(z.null()),
    /** Starts on another port of gRPC than the one that is taken, and keeps it. */
    startOnFreePort: base.output(z.null()),
    /** Starts on another data directory; the person picks it. False when none was picked. */
    startElsewhere: base.output(z.boolean()),
  },
  files: {
    /** Shows the data directory, or the folder of the app's logs. */
    show: base.input(z.strictObject({ what: z.enum(['data', 'logs']) })).output(z.null()),
  },
  /** Opens an https page in the browser of the system, after asking where the host is not known. */
  openExternal: base.input(z.strictObject({ url: z.string().max(2048) })).output(z.null()),
  signOut: base.output(z.null()),
}

export type HostContract = typeof hostContract
