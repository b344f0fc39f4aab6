import { useQuery } from '@tanstack/react-query'
import type { NodeStatus } from '../../ipc/contract/status-schemas.ts'
import { useNode, useNodeEvents } from './connection-provider.tsx'

/** The status of the node, kept fresh by its events; undefined until the first answer. */
export function useNodeStatus(): NodeStatus | undefined {
  const { queries } = useNode()
  useNodeEvents(['status'])
  return useQuery(queries.system.status.queryOptions()).data
}
