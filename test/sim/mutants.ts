/**
 * Deliberate mistakes in what the node promises, each a change of one place of its source: a simulator that does not see them sees nothing.
 * A world with a mutant must fail; the profile makes the trouble likely in which the mistake shows.
 */
import type { Profile, WorldHosts } from './profile.ts'
import { noFaults } from './profile.ts'

export interface Mutant<Worlds = Profile> {
  readonly name: string
  /** Below src/. */
  readonly file: string
  /** Stands exactly once in the file. */
  readonly right: string
  readonly wrong: string
  readonly profile: (profile: Worlds) => Worlds
  /** Of the worlds in which it shows; one, unless given. */
  readonly hosts?: WorldHosts
}

const calm = (profile: Profile): Profile => ({
  ...profile,
  faults: { ...noFaults },
})
const crowded = (profile: Profile): Profile => ({ ...calm(profile), clients: 8, keys: 3, restMs: 0 })
const crashing = (profile: Profile): Profile => ({ ...crowded(profile), faults: { ...noFaults, power: 30 } })

export const mutants: readonly Mutant[] = [
  {
    name: 'answer-before-persist',
    file: 'node/engine/consensus/applied-state.ts',
    right: 'if (writes.length > 0) await store.commit(writes,',
    wrong: 'if (writes.length > 0) void store.commit(writes,',
    profile: crashing,
  },
  {
    name: 'apply-a-repeated-request-again',
    file: 'node/core/kv/page-apply.ts',
    right: 'if (recorded !== undefined) {',
    wrong: 'if (recorded !== undefined && recorded.outcomes.length < 0) {',
    profile: (profile) => ({ ...crashing(profile), conditional: 60 }),
  },
  {
    name: 'ignore-the-version-of-a-precondition',
    file: 'node/core/kv/page-apply.ts',
    right: 'return current?.version === precondition.version',
    wrong: 'return current !== undefined',
    profile: (profile) => ({ ...crowded(profile), conditional: 60 }),
  },
  {
    name: 'use-a-version-twice',
    file: 'node/core/kv/page-apply.ts',
    right: '(current?.version ?? this.#versionFloor) + 1n',
    wrong: '(current?.version ?? 0n) + 1n',
    profile: (profile) => ({ ...crowded(profile), removals: 30 }),
  },
  {
    name: 'lose-a-removal',
    file: 'node/core/kv/page-apply.ts',
    right: 'this.#entries.set(operation.keyText, { key: operation.key, entry: undefined })',
    wrong: '',
    profile: (profile) => ({ ...crowded(profile), removals: 30 }),
  },
  {
    name: 'give-answers-to-the-wrong-callers',
    file: 'node/engine/kv/page-keeper.ts',
    right: '(results[next++] as Result)',
    wrong: '(results.toReversed()[next++] as Result)',
    profile: crowded,
  },
  {
    name: 'carry-a-batch-out-backwards',
    file: 'node/core/kv/page-apply.ts',
    right: 'for (const operation of request.operations) outcomes.push',
    wrong: 'for (const operation of request.operations.toReversed()) outcomes.push',
    profile: (profile) => ({ ...crowded(profile), keys: 6, batches: 30, conditional: 60 }),
  },
  {
    name: 'keep-no-value',
    file: 'node/engine/kv/page-writes.ts',
    right: "writes.push({ kind: 'put', family: 'content', key: block.address, value: encodeContentCopy(block, hlc), ...fresh })",
    wrong: '',
    profile: crashing,
  },
  {
    name: 'keep-no-outcome',
    file: 'node/engine/kv/page-writes.ts',
    right: 'for (const kept of applied.outcomes) {',
    wrong: 'for (const kept of applied.outcomes.slice(0, 0)) {',
    profile: crashing,
  },
  {
    name: 'keep-an-old-record-of-the-page',
    file: 'node/engine/consensus/applied-state.ts',
    right: "writes.push({ kind: 'put', family: 'block', key: this.#address, value: encodeBlockRecord(next) })",
    wrong: '',
    profile: crashing,
  },
  {
    name: 'answer-for-a-block-before-persist',
    file: 'node/engine/block/signed-block-primary.ts',
    right: 'return answerOf(entry, (await block.propose(change, local, space, signal)) as BlockEntryResult)',
    wrong: "block.propose(change, local, space, signal).catch(() => undefined); return { kind: 'applied' }",
    profile: (profile) => ({ ...crashing(profile), blocks: 90 }),
  },
  {
    name: 'overlook-the-version-that-an-update-replaces',
    file: 'node/core/consensus/apply-entry.ts',
    right: "return entry.version === expected ? undefined : 'version'",
    wrong: 'return entry.version <= expected ? undefined : undefined',
    profile: (profile) => ({ ...crowded(profile), blocks: 90 }),
  },
  {
    name: 'insert-over-a-block',
    file: 'node/core/consensus/apply-entry.ts',
    right: "if (position !== undefined && position.state.kind !== 'removed') return 'exists'",
    wrong: '',
    profile: (profile) => ({ ...crowded(profile), blocks: 90 }),
  },
  {
    name: 'forget-what-became-of-a-block-request',
    file: 'node/engine/block/signed-block-logic.ts',
    right: "writes.push({ kind: 'put', family: 'outcome', key, value: encodeOutcome(outcome) })",
    wrong: '',
    profile: (profile) => ({ ...crashing(profile), blocks: 90 }),
  },
]
