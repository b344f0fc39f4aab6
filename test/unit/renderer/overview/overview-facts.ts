import type { NodeStatus } from '../../../../src/ipc/contract/status-schemas.ts'
import { demoStatus } from '../../../../src/renderer/demo/demo-figures.ts'

type Change = Partial<Omit<NodeStatus, 'storage'>> & { readonly storage?: Partial<NodeStatus['storage']> }

/** A sound node that has room, with what a test changes. */
export function statusWith({ storage, ...change }: Change = {}): NodeStatus {
  const status = demoStatus({ startedMs: 0, keys: 100, liveBytes: 0, readOnly: false })
  return { ...status, ...change, storage: { ...status.storage, ...storage } }
}
