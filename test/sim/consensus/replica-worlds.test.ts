/** Worlds of the consensus machine run as `npm run sim -- --consensus` runs them; a mutant needs a process of its own. */
import { expect, test } from 'vitest'
import { freshSeedsFrom } from '../fresh-seeds.ts'
import { runSim } from '../run-sim.ts'
import { replicaMutants } from './replica-mutants.ts'
import seeds from './replica-seeds.json' with { type: 'json' }

const freshSeeds = 2000
/** A mutant shows in one of so many worlds. */
const mutantSeeds = 300

const sim = (...flags: readonly string[]) => runSim('--consensus', ...flags)

test('fresh worlds keep every promise', async () => {
  const from = freshSeedsFrom('consensus')
  const { code, output } = await sim('--from', String(from), '--seeds', String(freshSeeds))
  expect(code, output).toBe(0)
})

test.each(seeds)('the world $seed, which showed once that $why, keeps every promise', async ({ seed, profileOf }) => {
  const profile = profileOf === undefined ? [] : ['--profile-of', profileOf]
  const { code, output } = await sim('--seed', String(seed), ...profile)
  expect(code, output).toBe(0)
})

test('a world from the same seed is the same world, and the same again when its lines are written', async () => {
  const hashes = (output: string) => output.split('\n').filter((line) => /^\d+ [0-9a-f]{16}$/.test(line))
  const first = hashes((await sim('--from', '1', '--seeds', '50', '--hashes')).output)
  expect(new Set(first.map((line) => line.split(' ')[1])).size).toBe(50)
  expect(hashes((await sim('--from', '1', '--seeds', '50', '--hashes')).output)).toEqual(first)
  expect(hashes((await sim('--seed', '7', '--trace', '--hashes')).output)).toEqual(first.filter((line) => line.startsWith('7 ')))
})

test.each(replicaMutants.map(({ name }) => name))('the mistake %s is seen', async (name) => {
  const { code, output } = await sim('--mutant', name, '--seeds', String(mutantSeeds), '--until-failure')
  expect([code, output.slice(-300)]).toEqual([1, expect.stringContaining('1 failed')])
})

test('a world without the mistake of a mutant and with its profile keeps every promise', async () => {
  for (const { name } of replicaMutants) {
    const { code, output } = await sim('--profile-of', name, '--seeds', '30')
    expect(code, output).toBe(0)
  }
})
