import type { ContractRouterClient } from '@orpc/contract'
import type { HostContract } from '../../ipc/contract/host-contract.ts'
import type { NodeContract } from '../../ipc/contract/node-contract.ts'

export type NodeClient = ContractRouterClient<NodeContract>
/** All that the program around the screens serves. */
export type FullHostClient = ContractRouterClient<HostContract>

/** What screens call; the connection itself watches the host. */
export type HostClient = Omit<FullHostClient, 'capabilities' | 'watch'>
