import { z } from 'zod'
import { hexSchema } from './common-schemas.ts'

export const clusterNodeStates = ['alive', 'suspect', 'dead', 'left', 'unknown'] as const
export type ClusterNodeState = (typeof clusterNodeStates)[number]

const count = z.number().int().nonnegative()
const nodeIdSchema = hexSchema.length(64)

/** Of the network's own block: with its majority nodes are invited, join and leave. */
const quorumSchema = z.strictObject({
  members: count,
  /** As far as this node knows, itself among them where it is a member. */
  alive: count,
  needed: count,
})

/** A forced recovery of the network: one node went on alone. */
const recoverySchema = z.strictObject({
  number: count,
  atMs: z.number(),
  /** Node id of the one that went on. */
  survivor: hexSchema,
})

/** The network in a few numbers, as a status carries it. */
export const clusterSummarySchema = z.strictObject({
  /** By state, this node among them. */
  nodes: z.strictObject({ alive: count, suspect: count, dead: count, left: count, unknown: count }),
  quorum: quorumSchema,
  /** Copies of every block that the network keeps where it has nodes enough. */
  replication: count,
  /** The last one; null where there was none. `takenOut`: nodes; `blocksLeft`: blocks that this node has still to take back. */
  recovery: recoverySchema.extend({ takenOut: count, blocksLeft: count }).nullable(),
  /** The one by which the network went on without this node; null where none is known. */
  leftBehind: recoverySchema.nullable(),
  /** This node takes no part any more: it was left behind or removed, or its data directory was restored or is in use twice. It takes no change. */
  withdrawn: z.boolean(),
  /** How this node came to be of the network no more; null while it is. */
  removal: z.enum(['left', 'evicted']).nullable(),
})
export type ClusterSummary = z.infer<typeof clusterSummarySchema>

export const clusterNodeSchema = z.strictObject({
  nodeId: hexSchema,
  isSelf: z.boolean(),
  /** `unknown`: nothing was heard of it since the start of this node. */
  state: z.enum(clusterNodeStates),
  /** HOST:PORT for other nodes, the likeliest first. */
  endpoints: z.array(z.string()),
  zone: z.string(),
  labels: z.array(z.string()),
  /** As the node said last; null where nothing was heard. */
  capacityBytes: z.number().nullable(),
  freeBytes: z.number().nullable(),
  version: z.string(),
  /** It takes no blocks, and others take what it has. */
  isDraining: z.boolean(),
  /** Blocks that a draining node has still to hand on; null while this node does not know. */
  drainLeft: count.nullable(),
})
export type ClusterNode = z.infer<typeof clusterNodeSchema>

export const clusterStatusSchema = z.strictObject({
  networkId: hexSchema,
  networkName: z.string(),
  epoch: count,
  /** This node first, then by id. */
  nodes: z.array(clusterNodeSchema),
  /** Nodes that are left out of the list, which is bounded. */
  more: count,
  quorum: quorumSchema,
  /** Nodes that take new blocks. */
  storingNodes: count,
  /** Copies of every block that the network keeps where it has nodes enough. */
  replication: count,
  /** Blocks led by this node whose members are not yet those of the newest epoch. */
  groupsPending: count,
  /** Copies of content that it still has to look after; null while it does not know. */
  copiesPending: count.nullable(),
  /** HOST:PORT where others reach this node; empty where it listens for none. */
  listening: z.array(z.string()),
})
export type ClusterStatus = z.infer<typeof clusterStatusSchema>

const minuteMs = 60_000
export const inviteLimits = { usesMax: 1024, validityMinMs: minuteMs, validityMaxMs: 30 * 24 * 60 * minuteMs } as const

export const inviteRequestSchema = z.strictObject({
  /** How often the link admits a node. */
  uses: z.number().int().min(1).max(inviteLimits.usesMax),
  validityMs: z.number().int().min(inviteLimits.validityMinMs).max(inviteLimits.validityMaxMs),
})

export const inviteSchema = z.strictObject({
  /** A secret until it is spent. */
  link: z.string(),
  expiresMs: z.number(),
})
export type Invite = z.infer<typeof inviteSchema>

export const drainRequestSchema = z.strictObject({
  nodeId: nodeIdSchema,
  /** The node takes its share of the blocks again. */
  undo: z.boolean(),
})

export const evictRequestSchema = z.strictObject({
  nodeId: nodeIdSchema,
  /** Although it answers. */
  force: z.boolean(),
})

/** The placement map after a node was drained or evicted. */
export const changedNodesSchema = z.strictObject({ epoch: count, storingNodes: count, replication: count })

export const leaveProgressSchema = z.strictObject({
  phase: z.enum(['draining', 'left']),
  /** Blocks whose groups this node has still to move. */
  groupsPending: count,
  /** Copies that it has still to hand on; null while it does not know. */
  copiesPending: count.nullable(),
  /** Placement maps by which blocks may still lie: 1 where every node has moved what the drain asks for. */
  openEpochs: count,
})
export type LeaveProgress = z.infer<typeof leaveProgressSchema>
