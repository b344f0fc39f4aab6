/** Worlds run in processes of their own, as `npm run sim` runs them: the trap leaves no clock to the test runner. */
import { expect, test } from 'vitest'
import { clusterMutants } from './cluster-mutants.ts'
import { freshSeedsFrom } from './fresh-seeds.ts'
import { mutants } from './mutants.ts'
import { runSim } from './run-sim.ts'
import seeds from './seeds.json' with { type: 'json' }

const freshSeeds = 2000
/** Of each of two processes, which run beside each other; what is left of worlds that are over takes memory. */
const freshSwarmSeeds = 100
const swarmRuns = ['first', 'second', 'third']
const freshClusterSeeds = 20
const freshWideSeeds = 20
const freshRecoverySeeds = 30
const freshLeavingSeeds = 20
/** A mutant shows in one of so many worlds. */
const mutantSeeds = 300
const clusterMutantSeeds = 60

test('fresh worlds keep every promise', async () => {
  const from = freshSeedsFrom('alone')
  const { code, output } = await runSim('--from', String(from), '--seeds', String(freshSeeds))
  expect(code, output).toBe(0)
})

test.each(seeds)(
  'the world $seed of hosts: $hosts, which showed once that $why, keeps every promise',
  async ({ seed, hosts }) => {
    const { code, output } = await runSim('--seed', String(seed), '--hosts', hosts)
    expect(code, output).toBe(0)
  },
)

test.each(swarmRuns)('swarms of faults on several hosts break no promise, %s run', async (run) => {
  const from = freshSeedsFrom(`swarm, ${run}`)
  const shares = [from, from + freshSwarmSeeds].map((first) =>
    runSim('--hosts', 'swarm', '--from', String(first), '--seeds', String(freshSwarmSeeds)),
  )
  for (const { code, output } of await Promise.all(shares)) expect(code, output).toBe(0)
})

test('wide worlds keep every promise', async () => {
  const from = freshSeedsFrom('wide')
  const { code, output } = await runSim('--hosts', 'wide', '--from', String(from), '--seeds', String(freshWideSeeds))
  expect(code, output).toBe(0)
})

test('worlds of several hosts keep every promise', async () => {
  const { code, output } = await runSim('--hosts', 'several', '--seeds', String(freshClusterSeeds))
  expect(code, output).toBe(0)
})

test('worlds whose network loses its majority for good and is recovered keep every promise', async () => {
  const from = freshSeedsFrom('recovered')
  const { code, output } = await runSim('--hosts', 'recovered', '--from', String(from), '--seeds', String(freshRecoverySeeds))
  expect(code, output).toBe(0)
})

test('worlds one of whose hosts leaves, or is drained or evicted, keep every promise', async () => {
  const from = freshSeedsFrom('leaving')
  const { code, output } = await runSim('--hosts', 'leaving', '--from', String(from), '--seeds', String(freshLeavingSeeds))
  expect(code, output).toBe(0)
})

test.each(['3', 'leaving', 'wide', 'swarm'])('a world of hosts: %s from the same seed is the same world', async (hosts) => {
  const hashes = async () => (await runSim('--hosts', hosts, '--from', '1', '--seeds', '4', '--hashes')).output
  const first = await hashes()
  expect(first.split('\n').filter((line) => /^\d+ [0-9a-f]{16}$/.test(line))).toHaveLength(4)
  expect(await hashes()).toBe(first)
})

test.each(clusterMutants.map(({ name }) => name))('the mistake %s is seen by several hosts', async (name) => {
  const { code, output } = await runSim('--mutant', name, '--seeds', String(clusterMutantSeeds), '--until-failure')
  expect([code, output.slice(-600)]).toEqual([1, expect.stringContaining('1 failed')])
})

test('a world from the same seed is the same world', async () => {
  const lines = async () => (await runSim('--from', '1', '--seeds', '20', '--hashes')).output
  const first = await lines()
  expect(first.split('\n').filter((line) => /^\d+ [0-9a-f]{16}$/.test(line))).toHaveLength(20)
  expect(await lines()).toBe(first)
})

test.each(mutants.map(({ name }) => name))('the mistake %s is seen', async (name) => {
  const { code, output } = await runSim('--mutant', name, '--seeds', String(mutantSeeds), '--until-failure')
  expect([code, output.slice(-200)]).toEqual([1, expect.stringContaining('1 failed')])
})

test('a world without the mistake of a mutant and with its profile keeps every promise', async () => {
  for (const { name } of mutants) {
    const { code, output } = await runSim('--profile-of', name, '--seeds', '20')
    expect(code, output).toBe(0)
  }
})
