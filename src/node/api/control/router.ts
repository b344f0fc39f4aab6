import type { Router } from '@orpc/server'
import type { NodeContract } from '../../../ipc/contract/node-contract.ts'
import type { ClientsParts } from './clients-handlers.ts'
import { clientsHandlers } from './clients-handlers.ts'
import type { ClusterParts } from './cluster-handlers.ts'
import { clusterHandlers } from './cluster-handlers.ts'
import type { ControlContext } from './control-base.ts'
import { controlBase } from './control-base.ts'
import type { EventsParts } from './events-handlers.ts'
import { eventsHandlers } from './events-handlers.ts'
import type { GrpcParts } from './grpc-handlers.ts'
import { grpcHandlers } from './grpc-handlers.ts'
import type { JobsParts } from './jobs-handlers.ts'
import { jobsHandlers } from './jobs-handlers.ts'
import type { KvParts } from './kv-handlers.ts'
import { kvHandlers } from './kv-handlers.ts'
import type { LogsParts } from './logs-handlers.ts'
import { logsHandlers } from './logs-handlers.ts'
import type { MetricsParts } from './metrics-handlers.ts'
import { metricsHandlers } from './metrics-handlers.ts'
import type { SettingsParts } from './settings-handlers.ts'
import { settingsHandlers } from './settings-handlers.ts'
import type { SystemParts } from './system-handlers.ts'
import { systemHandlers } from './system-handlers.ts'

/** What the groups of the contract are served from. */
export interface ControlParts
  extends SystemParts,
    KvParts,
    EventsParts,
    MetricsParts,
    LogsParts,
    SettingsParts,
    ClusterParts,
    ClientsParts,
    GrpcParts,
    JobsParts {}

/** Everything that the contract names, ready to be served on any wire together with one ControlContext. */
export function createControlRouter(parts: ControlParts): Router<NodeContract, ControlContext> {
  return controlBase.router({
    system: systemHandlers(parts),
    kv: kvHandlers(parts),
    jobs: jobsHandlers(parts),
    events: eventsHandlers(parts),
    metrics: metricsHandlers(parts),
    cluster: clusterHandlers(parts),
    clients: clientsHandlers(parts),
    grpc: grpcHandlers(parts),
    logs: logsHandlers(parts),
    settings: settingsHandlers(parts),
  })
}
