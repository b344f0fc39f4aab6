import type { NodeRun } from '../../ipc/contract/host-contract.ts'

type FailureKind = NonNullable<NodeRun['failure']>['kind']

const kinds: ReadonlyMap<string, FailureKind> = new Map([
  ['port-in-use', 'port-in-use'],
  ['storage-full', 'storage-full'],
  ['store-locked', 'store-locked'],
  ['store-newer-format', 'store-newer-format'],
])

/** Which of the screens that can help belongs to a refused start. */
export function failureKindOf(code: string): FailureKind {
  return kinds.get(code) ?? 'other'
}
