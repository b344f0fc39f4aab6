import type { ClusterNode, ClusterStatus } from '../../src/node/engine/cluster/cluster-service.ts'

/** A node as `first` names it: 32 and 16 bytes of it. */
export function clusterNodeOf(first: number, facts: Partial<ClusterNode> = {}): ClusterNode {
  return {
    nodeId: new Uint8Array(32).fill(first),
    storeId: new Uint8Array(16).fill(first),
    isSelf: false,
    state: 'alive',
    endpoints: [`192.0.2.${first}:7072`],
    zone: '',
    labels: [],
    weight: 100,
    capacityBytes: 1000,
    freeBytes: 400,
    version: '0.1.0',
    bootCount: 3,
    isDraining: false,
    drainLeft: undefined,
    ...facts,
  }
}

/** Three nodes, of which one is dead: the network can decide. */
export function clusterOf(facts: Partial<ClusterStatus> = {}): ClusterStatus {
  return {
    networkId: new Uint8Array(32).fill(9),
    networkName: 'office',
    epoch: 4,
    nodes: [
      clusterNodeOf(1, { isSelf: true }),
      clusterNodeOf(2, { zone: 'cellar', labels: ['ssd'] }),
      clusterNodeOf(3, { state: 'dead' }),
    ],
    quorum: { members: 3, alive: 2, needed: 2 },
    replication: 3,
    groupsPending: 2,
    copiesPending: undefined,
    openEpochs: 1,
    withdrawn: false,
    recovery: undefined,
    leftBehind: undefined,
    removal: undefined,
    patience: 1,
    listening: ['192.0.2.1:7072'],
    ...facts,
  }
}
