import { NodeState } from '../../api/grpc/generated/memo/v1/cluster_pb.js'

const words: Readonly<Record<NodeState, string>> = {
  [NodeState.ALIVE]: 'alive',
  [NodeState.SUSPECT]: 'suspect',
  [NodeState.DEAD]: 'dead',
  [NodeState.LEFT]: 'left',
  [NodeState.UNSPECIFIED]: 'unknown',
}

/** The best first. */
export const nodeStateWords: readonly string[] = ['alive', 'suspect', 'dead', 'left', 'unknown']

/** A state of a newer node is not known here. */
export function nodeStateWord(state: NodeState): string {
  return words[state] ?? 'unknown'
}
