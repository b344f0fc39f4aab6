import { useQuery } from '@tanstack/react-query'
import { useNode } from './connection-provider.tsx'
import { readOnlyCause } from './read-only-cause.ts'

export type ReadOnlyEnd = { readonly by: 'settings' } | { readonly by: 'start'; readonly cause: string }

/** How the read-only mode can be left; undefined until the node has said what decides it. */
export function useReadOnlyEnd(readOnly: boolean): ReadOnlyEnd | undefined {
  const { queries } = useNode()
  // What decides was said at the start of the node: it holds for the whole epoch.
  const { data } = useQuery({ ...queries.settings.get.queryOptions(), enabled: readOnly })
  if (!readOnly || data === undefined) return undefined
  const cause = readOnlyCause(data)
  return cause === undefined ? { by: 'settings' } : { by: 'start', cause }
}
