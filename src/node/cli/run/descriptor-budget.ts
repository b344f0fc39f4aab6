/** Keeps the callers of the ports from taking the file descriptors that the store needs. */

import { readFileSync } from 'node:fs'
import type { Limits } from '../../core/base/limits.ts'

/** For segments, the tables of the index, the listeners and the runtime itself. */
const descriptorsOfNode = 512
const connectionsMin = 16

/** How many files this process may have open; undefined where the system does not tell (only Linux does, in a file). */
export function descriptorLimit(read: () => string = () => readFileSync('/proc/self/limits', 'utf8')): number | undefined {
  try {
    const soft = /^Max open files\s+(\d+)/m.exec(read())?.[1]
    return soft === undefined ? undefined : Number(soft)
  } catch {
    return undefined
  }
}

export interface ConnectionBudget {
  readonly grpcConnectionsMax: number
  /** For a person, where it is less than it could be. */
  readonly warning: string | undefined
}

export function connectionBudget(
  { grpcConnectionsMax, httpConnectionsMax }: Pick<Limits, 'grpcConnectionsMax' | 'httpConnectionsMax'>,
  limit = descriptorLimit(),
): ConnectionBudget {
  if (limit === undefined) return { grpcConnectionsMax, warning: undefined }
  const left = Math.max(connectionsMin, limit - descriptorsOfNode - httpConnectionsMax)
  if (left >= grpcConnectionsMax) return { grpcConnectionsMax, warning: undefined }
  const text = `this process may open ${limit} files, so the gRPC port takes ${left} connections instead of ${grpcConnectionsMax}`
  return { grpcConnectionsMax: left, warning: `${text}: raise the limit (LimitNOFILE of the unit, ulimit -n)` }
}
