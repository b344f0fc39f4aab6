/** Deliberate mistakes in what nodes decide together, each with a profile in which three hosts see it. */
import type { Mutant } from './mutants.ts'
import type { NetworkFault, Profile } from './profile.ts'
import { noFaults } from './profile.ts'

type Troubles = Partial<Record<keyof typeof noFaults, number>>

/** Many clients on few keys, who go from host to host, and none of the faults but these. */
const together =
  (faults: Troubles = {}, rest: Partial<Profile> = {}) =>
  (profile: Profile): Profile => ({
    ...profile,
    ...{ clients: 6, keys: 3, restMs: 5, valueBytes: 16, streams: 0, cancelled: 0, blocks: 0, lists: 5, batches: 10 },
    ...{ growth: 'settled', outages: 'minority', patienceMs: 1000, roaming: 50 },
    ...{ delayMs: 2, lost: 0, doubled: 0, overtaking: 0, late: 0 },
    ...rest,
    faults: { ...noFaults, ...faults },
  })

const parted = { partition: 200, 'one-way': 200 } satisfies Partial<Record<NetworkFault, number>>

/** Of a network that loses its majority while its clients change what it holds. */
const busy = (profile: Profile): Profile => ({
  ...profile,
  ...{ clients: 8, keys: 3, restMs: 0, removals: 0, conditional: 0, lists: 0, batches: 0, cancelled: 0, roaming: 50, delayMs: 5 },
})

/** Every other read may show an older state, of few keys that change all the time. */
const ofCopies = { copies: 60, keys: 1, restMs: 1, lists: 0, batches: 0, removals: 0 }

export const clusterMutants: readonly Mutant[] = [
  {
    name: 'read-without-asking-who-leads',
    hosts: 3,
    file: 'node/engine/kv/page.ts',
    right: 'await this.#keeper.readable(signal)\n        return await Promise.all(keys.map',
    wrong: 'return await Promise.all(keys.map',
    profile: together(parted, { keys: 1, restMs: 1 }),
  },
  {
    name: 'drop-the-id-of-a-change-that-may-be-sent-again',
    hosts: 3,
    file: 'node/engine/kv/page.ts',
    right: 'const part = new LocalPart({ session, sequence, writer, changes }, this',
    wrong:
      'const part = new LocalPart({ session, sequence, writer, changes: changes.map((each) => ({ ...each, requestId: this.#nextId() })) }, this',
    profile: together({ ...parted, reset: 100 }, { conditional: 60, patienceMs: 200 }),
  },
  {
    name: 'leave-out-of-a-snapshot-what-was-changed-meanwhile',
    hosts: 3,
    file: 'node/engine/cluster/snapshot-source.ts',
    right: 'for (const { family, key } of changed.records) {',
    wrong: 'for (const { family, key } of [...changed.records].slice(0, 0)) {',
    profile: together({ 'slow-channel': 30 }, { growth: 'joining', keys: 12, restMs: 0, delayMs: 5 }),
  },
  {
    name: 'note-what-changed-before-it-is-durable',
    hosts: 3,
    file: 'node/engine/consensus/applied-state.ts',
    right: 'for (const watch of this.#watches) watch.note(applied.writes)',
    wrong: 'for (const watch of [...this.#watches].slice(1)) watch.note(applied.writes)',
    profile: together({ 'slow-disk': 100 }, { growth: 'joining', keys: 12, restMs: 0, delayMs: 5 }),
  },
  {
    name: 'say-that-nothing-was-changed-where-a-node-was-lost',
    hosts: 3,
    file: 'node/engine/cluster/ask-member.ts',
    right: 'if (isChange(call.kind) && (watch.isGone || isCutOff(error))) throw cutOff(error)',
    wrong: "if (isCutOff(error)) throw new CodedError('queue-full', 'refused')",
    profile: together({ stop: 100, reset: 50 }, { conditional: 60 }),
  },
  {
    name: 'forget-what-was-accepted-at-a-start',
    hosts: 3,
    file: 'node/engine/consensus/load-replica.ts',
    right: 'if (slot > applied) slots.push({ slot, ...accepted })',
    wrong: '',
    profile: together({ power: 20, ...parted }, { outages: 'any', restMs: 1 }),
  },
  {
    name: 'say-that-it-is-accepted-before-it-is-durable',
    hosts: 3,
    file: 'node/engine/consensus/hosted-block.ts',
    right: 'this.#parts.store.commit(writes, { space, inBackground: this.#replica.isLeading }).then(',
    wrong: 'void this.#parts.store.commit(writes, { space })\n    Promise.resolve().then(',
    profile: together({ power: 20, 'slow-disk': 50 }, { outages: 'any', restMs: 1 }),
  },
  {
    name: 'count-a-version-for-each-part-of-an-entry',
    hosts: 3,
    file: 'node/engine/kv/page-logic.ts',
    right: '{ ...current, version: record.version + 1n }',
    wrong: '{ ...current }',
    profile: together({}, { clients: 8, restMs: 0, lists: 0 }),
  },
  {
    name: 'let-in-who-was-left-behind',
    hosts: 'recovered',
    file: 'node/core/access/judge-hello.ts',
    right: "if (question.isParted({ nodeId: proven.nodeId, storeId: record.storeId }, recoveries)) return refused('left-behind')",
    wrong: '',
    profile: busy,
  },
  {
    name: 'take-every-recovery-for-one-that-was-missed',
    hosts: 'recovered',
    file: 'node/engine/network/left-behind.ts',
    right: 'proof.number <= recovery || ',
    wrong: '',
    profile: busy,
  },
  {
    name: 'forget-what-was-accepted-at-a-recovery',
    hosts: 'recovered',
    file: 'node/core/consensus/take-back.ts',
    right: 'taken.push({ slot, ballot, entry: ofGroup(entry, group) })',
    wrong: '',
    profile: busy,
  },
  {
    name: 'read-before-what-was-accepted-is-taken-back',
    hosts: 'recovered',
    file: 'node/engine/consensus/hosted-block.ts',
    right: ' || this.#replica.applied < this.#adoptsUpTo',
    wrong: '',
    profile: busy,
  },
  {
    name: 'take-a-birth-back-to-its-old-group',
    hosts: 'recovered',
    file: 'node/core/consensus/take-back.ts',
    right: "entry.kind === 'change' && entry.bornTo !== undefined ? { ...entry, bornTo: group } : entry",
    wrong: 'group === undefined ? { ...entry } : entry',
    profile: (profile) => ({ ...busy(profile), blocks: 90 }),
  },
  {
    name: 'date-a-confirmation-when-it-is-answered',
    hosts: 3,
    file: 'node/engine/cluster/copy-evidence.ts',
    right: 'known.confirmed(index, asked, appliedIndex(block))',
    wrong: 'known.confirmed(index, this.now(), appliedIndex(block))',
    profile: together({ 'slow-channel': 30 }, ofCopies),
  },
  {
    name: 'let-a-later-write-make-a-copy-younger',
    hosts: 3,
    file: 'node/engine/cluster/copy-evidence.ts',
    right: 'for (const look of this.#waiting.get(block) ?? []) look()',
    wrong: 'this.#known.get(block)?.confirmed(appliedIndex(block), this.now(), appliedIndex(block))',
    profile: together(parted, ofCopies),
  },
  {
    name: 'take-a-copy-for-fresh-that-has-not-applied-what-was-confirmed',
    hosts: 3,
    file: 'node/core/consensus/copy-freshness.ts',
    right: 'index <= applied && msBetween(asked, start) <= boundMs',
    wrong: 'msBetween(asked, start) <= boundMs',
    profile: together({ 'slow-disk': 100, ...parted }, ofCopies),
  },
  {
    name: 'answer-a-bounded-read-as-an-eventual-one',
    hosts: 3,
    file: 'node/engine/cluster/copy-reads.ts',
    right: 'isFresh(block, start, consistency.boundMs)) {',
    wrong: 'isFresh(block, start, 3_600_000)) {',
    profile: together(parted, ofCopies),
  },
  {
    name: 'say-that-a-copy-is-younger-than-it-is',
    hosts: 3,
    file: 'node/engine/cluster/copy-evidence.ts',
    right: 'undefined ? undefined : Math.ceil(ageMs)',
    wrong: 'undefined ? undefined : Math.floor(ageMs / 2)',
    profile: together(parted, ofCopies),
  },
  {
    name: 'take-a-rotten-copy-for-all-there-are',
    hosts: 'wide',
    file: 'node/engine/content/local-copies.ts',
    right: "if (bytes === 'damaged') return damaged",
    wrong: "if (bytes === 'damaged') throw new CodedError('data-corrupt', 'this copy does not verify')",
    profile: together({ rot: 20 }, { hosts: 3, keys: 6, restMs: 5, lists: 0, roaming: 100, valueBytes: 4000 }),
  },
  {
    name: 'wait-for-the-report-of-who-was-evicted',
    hosts: 'leaving',
    file: 'node/core/overlay/open-epochs.ts',
    right: 'newest.places.map((place) => settledThrough(place) ?? 0)',
    wrong: 'open.maps.flatMap(({ places }) => places).map((place) => settledThrough(place) ?? 0)',
    profile: (profile) => ({ ...profile, leaving: 'eviction', joining: false, faults: noFaults }),
  },
  {
    name: 'bear-a-block-where-another-epoch-may',
    hosts: 'swarm',
    file: 'node/engine/consensus/hosted-block.ts',
    right: 'if (this.record === undefined && this.#parts.isUncertain(this.address)) throw beingMoved()',
    wrong: '',
    profile: together(parted, { hosts: 7, growth: 'joining', blocks: 95, restMs: 1 }),
  },
  {
    name: 'say-that-a-block-is-absent-after-one-no',
    hosts: 'swarm',
    file: 'node/engine/content/content-place.ts',
    right: 'return members - copiesRequired(members, least) + 1',
    wrong: 'return 1 + 0 * copiesRequired(members, least)',
    profile: together({ power: 60, ...parted }, { hosts: 5, outages: 'any', blocks: 100, rereads: 30, roaming: 100 }),
  },
]
