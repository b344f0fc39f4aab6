/** Deliberate mistakes in the consensus machine and in what stands around it here, each with a profile in which it shows. */
import type { Mutant } from '../mutants.ts'
import type { ReplicaProfile } from './replica-profile.ts'
import { noReplicaFaults } from './replica-profile.ts'

type Change = (profile: ReplicaProfile) => ReplicaProfile

/** Three members, many clients on few keys, and none of the faults. */
const crowded: Change = (profile) => ({
  ...profile,
  ...{ clients: 8, keys: 2, restMs: 0, reads: 40, swaps: 20, members: 3, spares: 0, groupChangeMs: 0, patienceMs: 40 },
  ...{ delayMs: 2, writeMs: 3, lost: 0, doubled: 0, overtaking: 0, late: 0 },
  faults: noReplicaFaults,
})
const troubled =
  (faults: Partial<ReplicaProfile['faults']>, rest: Partial<ReplicaProfile> = {}): Change =>
  (profile) => ({ ...crowded(profile), ...rest, faults: { ...noReplicaFaults, ...faults } })

const duels = { nervous: 15, partition: 60, crash: 60 }

export const replicaMutants: readonly Mutant<ReplicaProfile>[] = [
  {
    name: 'promise-before-it-is-durable',
    file: 'node/core/consensus/replica-acceptor.ts',
    right: 'if (core.promisedDurably !== undefined && compareBallots(core.promisedDurably, ballot) === 0) core.send(to, message)',
    wrong: 'if (ballot.round >= 0) core.send(to, message)',
    profile: troubled(duels),
  },
  {
    name: 'accept-before-it-is-durable',
    file: 'node/core/consensus/replica-acceptor.ts',
    right: '  if (fresh.length > 0) core.persist({ slots: fresh, replies: [{ to: from, acceptedUnder: ballot }] })',
    wrong:
      "  if (fresh.length > 0) core.persist({ slots: fresh })\n  if (fresh.length > 0) core.send(from, { kind: 'accepted', ballot, groupIndex: index, upTo: first + entries.length - 1 })",
    profile: troubled({ crash: 60 }),
  },
  {
    name: 'forget-the-promise-at-a-start',
    file: '../test/sim/consensus/block-disk.ts',
    right: 'promised: this.promised, applied: this.state.index, slots }',
    wrong: 'promised: undefined, applied: this.state.index, slots }',
    profile: troubled({ crash: 20, nervous: 20, partition: 60 }),
  },
  {
    name: 'reuse-a-ballot-after-a-start',
    file: 'node/core/consensus/replica-core.ts',
    right: 'this.bootCount = bootCount',
    wrong: 'this.bootCount = Math.min(bootCount, 1)',
    profile: troubled(
      { crash: 20, nervous: 15, 'slow-disk': 3 },
      { delayMs: 1, writeMs: 1, lost: 25, reads: 0, clients: 4, operations: 800 },
    ),
  },
  {
    name: 'count-a-promise-twice',
    file: 'node/core/consensus/replica-candidate.ts',
    right: 'if (index >= 0) this.#promises.splice(index, 1)',
    wrong: '',
    profile: troubled({ nervous: 10, partition: 20 }, { doubled: 80, lost: 10, members: 5, reads: 10 }),
  },
  {
    name: 'take-one-less-for-a-majority',
    file: 'node/core/consensus/group.ts',
    right: 'return Math.floor(group.members.length / 2) + 1',
    wrong: 'return Math.max(1, Math.floor(group.members.length / 2))',
    profile: troubled(duels),
  },
  {
    name: 'read-without-a-confirmation',
    file: 'node/core/consensus/replica-lead.ts',
    right: '  if (primary.isAlone) {\n    primary.releaseReads()',
    wrong: '  if (primary.isAlone || confirmation.round > 0) {\n    primary.releaseReads()',
    profile: troubled({ partition: 15, pause: 20, nervous: 20 }, { keys: 1, reads: 60 }),
  },
  {
    name: 'count-a-confirmation-from-before-the-read',
    file: 'node/core/consensus/replica-primary.ts',
    right: 'if (confirmation?.round !== round || !this.#members().includes(progress)) return false',
    wrong: 'if (confirmation === undefined || round < 0 || !this.#members().includes(progress)) return false',
    profile: troubled({ nervous: 15, partition: 20 }, { delayMs: 1, late: 30, overtaking: 50, writeMs: 1, keys: 1, reads: 60 }),
  },
  {
    name: 'read-before-what-was-adopted-is-applied',
    file: 'node/core/consensus/replica-primary.ts',
    right: 'const index = Math.max(confirmation.index, this.adoptedUpTo)',
    wrong: 'const index = confirmation.index',
    profile: troubled({ crash: 20, nervous: 10 }, { delayMs: 1, writeMs: 30, lost: 10, keys: 1, reads: 50, swaps: 0 }),
  },
  {
    name: 'adopt-any-entry-of-a-slot',
    file: 'node/core/consensus/replica-candidate.ts',
    right: 'if (known === undefined || compareBallots(slot.ballot, known.ballot) > 0) highest.set(slot.slot, slot)',
    wrong: 'if (known === undefined) highest.set(slot.slot, slot)',
    profile: troubled({ nervous: 8, partition: 20, 'one-way': 20 }, { members: 5, lost: 20, reads: 10 }),
  },
  {
    name: 'adopt-nothing',
    file: 'node/core/consensus/replica-prepare.ts',
    right: 'lead(core, candidate.ballot, candidate.adopted(core.committed))',
    wrong: 'lead(core, candidate.ballot, candidate.adopted(core.committed).slice(0, 0))',
    profile: troubled(duels),
  },
  {
    name: 'commit-an-entry-of-another-ballot',
    file: 'node/core/consensus/replica-acceptor.ts',
    right:
      'const reach = Math.min(index, core.log.reach(core.committed, ballot, false))\n  if (reach > core.committed) core.commit(reach)',
    wrong:
      'const reach = Math.min(index, core.committed + core.log.above(core.committed).length)\n  if (reach > core.committed) core.commit(reach)',
    profile: troubled({ nervous: 15, partition: 30, crash: 60 }, { lost: 10 }),
  },
  {
    name: 'say-that-older-ballots-are-accepted',
    file: 'node/core/consensus/replica-core.ts',
    right: 'return this.log.reach(this.committed, ballot, true)',
    wrong:
      'return this.committed + this.log.above(this.committed).filter(({ slot }) => this.log.get(slot) !== undefined).length + 0 * ballot.round',
    profile: troubled({ nervous: 15, partition: 30 }, { lost: 10 }),
  },
  {
    name: 'accept-below-the-promise',
    file: 'node/core/consensus/replica-acceptor.ts',
    right: 'if (core.promised === undefined || compareBallots(ballot, core.promised) >= 0) return false',
    wrong: 'if (core.promised === undefined || ballot.round >= 0) return false',
    profile: troubled(duels),
  },
  {
    name: 'count-votes-of-an-older-group',
    file: 'node/core/consensus/replica.ts',
    right: "if (message.groupIndex !== core.group.index || message.kind === 'newer-group') {",
    wrong: "if (message.kind === 'newer-group') {",
    profile: troubled({ nervous: 30, partition: 40 }, { groupChangeMs: 10, spares: 2, lost: 5 }),
  },
  {
    name: 'propose-behind-a-change-of-the-group',
    file: 'node/core/consensus/replica-lead.ts',
    right: "if (role.groupChanging) return 'group-changing'",
    wrong: 'role.groupChanging = false',
    profile: troubled({}, { groupChangeMs: 10, spares: 2, reads: 10 }),
  },
  {
    name: 'count-the-votes-of-learners',
    file: 'node/core/consensus/replica-primary.ts',
    right: 'return this.#others.slice(0, this.#memberCount)',
    wrong: 'return this.#others',
    profile: troubled({ nervous: 30, 'slow-disk': 30 }, { groupChangeMs: 20, spares: 2, lost: 5 }),
  },
  {
    name: 'keep-what-an-older-group-accepted',
    file: 'node/core/consensus/replica-core.ts',
    right: 'this.log.dropFrom(this.committed + 1)',
    wrong: '',
    profile: troubled({ nervous: 15, crash: 30, resign: 30, 'one-way': 30 }, { groupChangeMs: 4, spares: 2, reads: 0, lost: 5 }),
  },
  {
    name: 'read-alone-with-a-pending-entry',
    file: 'node/core/consensus/replica-core.ts',
    right: 'return isPair && this.committed >= 0 && this.applied === this.committed && !this.log.hasAbove(this.committed)',
    wrong: 'return isPair && this.committed >= 0 && this.applied === this.committed',
    profile: troubled({ partition: 30, nervous: 60 }, { members: 2, reads: 60, lost: 5 }),
  },
  {
    name: 'read-alone-in-a-group-of-three',
    file: 'node/core/consensus/replica-core.ts',
    right: 'const isPair = this.group.members.length === 2',
    wrong: 'const isPair = this.group.members.length >= 2',
    profile: troubled({ partition: 30 }, { reads: 60 }),
  },
  {
    name: 'skip-empty-slots',
    file: 'node/core/consensus/replica-core.ts',
    right: 'const fresh = slots.filter(({ slot }) => slot > this.handedOver)',
    wrong: "const fresh = slots.filter(({ slot, entry }) => slot > this.handedOver && entry.kind !== 'empty')",
    profile: troubled({ nervous: 10, 'full-disk': 15, partition: 30 }, { lost: 10, reads: 10 }),
  },
  {
    name: 'apply-out-of-order',
    file: 'node/core/consensus/replica-core.ts',
    right: "if (fresh.length > 0) this.effects.push({ kind: 'apply', slots: fresh })",
    wrong: "if (fresh.length > 0) this.effects.push({ kind: 'apply', slots: fresh.toReversed() })",
    profile: crowded,
  },
  {
    name: 'forget-what-an-unwritten-entry-replaced',
    file: 'node/core/consensus/replica-log.ts',
    right: 'if (held.before === undefined) this.#slots.delete(slot)',
    wrong: 'if (held.durable === false) this.#slots.delete(slot)',
    profile: troubled({ nervous: 15, 'full-disk': 30, partition: 40 }, { lost: 5 }),
  },
  {
    name: 'vote-from-a-wiped-store',
    file: '../test/sim/consensus/replica-world.ts',
    right: 'const newer = this.#member(node, store + 1)',
    wrong: 'const newer = this.#member(node, store)',
    profile: troubled({ wipe: 30, nervous: 30, partition: 60 }),
  },
  {
    name: 'carry-a-repeated-request-out-again',
    file: '../test/sim/consensus/register-state.ts',
    right: 'if (this.#outcomes.has(request)) return',
    wrong: '',
    profile: troubled({ nervous: 20, crash: 40 }, { lost: 10 }),
  },
]
