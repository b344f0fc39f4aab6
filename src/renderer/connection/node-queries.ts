import { createTanstackQueryUtils } from '@orpc/tanstack-query'
import type { NodeClient } from './clients.ts'

function make(client: NodeClient, epoch: number) {
  return createTanstackQueryUtils(client, { path: [String(epoch)] })
}

/** Options and keys of TanStack Query for every procedure of the node. */
export type NodeQueries = ReturnType<typeof make>

/** The epoch is the first part of every key, so that an answer of an earlier run is never taken for one of this run. */
export function nodeQueries(client: NodeClient, epoch: number): NodeQueries {
  return make(client, epoch)
}
