/** Members, ballots and entries as the lines of a trace and the keys of the checkers name them. */
import type { Ballot } from '../../../src/node/core/consensus/ballot.ts'
import type { Group, Member } from '../../../src/node/core/consensus/group.ts'
import type { LogEntry } from '../../../src/node/core/consensus/replica-events.ts'

/** The member that a node is while it has its so many-th store. */
export function memberOf(node: number, store: number): Member {
  const nodeId = new Uint8Array(32)
  const storeId = new Uint8Array(16)
  nodeId[0] = node
  storeId[0] = store
  return { nodeId, storeId }
}

/** `n2`, and `n2.1` once it lost its first store. */
export function nameOf({ nodeId, storeId }: Member): string {
  return storeId[0] === 0 ? `n${nodeId[0]}` : `n${nodeId[0]}.${storeId[0]}`
}

export function ballotText(ballot: Ballot): string {
  return `${ballot.recovery}.${ballot.round}.${ballot.bootCount}@${nameOf(ballot)}`
}

export function groupText({ index, members, learners }: Group): string {
  return `${index}:${members.map(nameOf).join(',')}${learners.map((learner) => `+${nameOf(learner)}`).join('')}`
}

/** Equal for equal entries only. */
export function entryText(entry: LogEntry): string {
  switch (entry.kind) {
    case 'change':
      return `c${commandNumber(entry.body)}`
    case 'group':
      return `g${groupText(entry.group)}`
    case 'empty':
      return 'empty'
  }
}

/** The body of a change names a command of the world by its number. */
export function bodyOf(command: number): Uint8Array {
  return Uint8Array.of(command & 0xff, command >> 8)
}

export function commandNumber(body: Uint8Array): number {
  const [low = 0, high = 0] = body
  return low | (high << 8)
}
