import type { NodeStatus } from '../../../../src/ipc/contract/status-schemas.ts'
import { DemoCluster } from '../../../../src/renderer/demo/demo-cluster.ts'
import { demoStatus } from '../../../../src/renderer/demo/demo-figures.ts'

type Change = Partial<Omit<NodeStatus, 'storage'>> & { readonly storage?: Partial<NodeStatus['storage']> }

/** A sound node that has room, with what a test changes. */
export function statusWith({ storage, ...change }: Change = {}): NodeStatus {
  const cluster = new DemoCluster()
  cluster.leaveAlone()
  const status = demoStatus({ startedMs: 0, keys: 100, liveBytes: 0, readOnly: false, cluster: cluster.summary() })
  return { ...status, ...change, storage: { ...status.storage, ...storage } }
}
