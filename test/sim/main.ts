/**
 * `npm run sim`: worlds from seeds, of whole nodes, or with `--consensus` of the machine that members of a block decide by. `--seed N` one
 * world, with `--trace` all that happens in it; `--hosts N` worlds of so many nodes, or `--hosts several` of as many as the seed says, or `--hosts recovered` of such that lose their majority for good, `--hosts leaving` of such that one leaves, `--hosts wide` with more kinds of faults, `--hosts swarm` likewise in less time; `--seeds N` so many, `--from N` the first of them; `--hashes` prints what each came to;
 * `--mutant NAME` with a deliberate mistake, `--profile-of NAME` with its profile alone; `--until-failure` ends with the first world that
 * fails. Ends with 1 where a promise was broken, and prints how to see it again.
 */
import { parseArgs } from 'node:util'
import { assert } from '../../src/shared/assert.ts'
import { clusterMutants } from './cluster-mutants.ts'
import { replicaMutants } from './consensus/replica-mutants.ts'
import { loadMutant } from './mutant-loader.ts'
import type { Mutant } from './mutants.ts'
import { mutants } from './mutants.ts'
import type { WorldHosts } from './profile.ts'
import { worldKinds } from './profile.ts'
import { Summary } from './summary.ts'
import type { WorldReport } from './world-report.ts'

const { values } = parseArgs({
  options: {
    consensus: { type: 'boolean', default: false },
    seed: { type: 'string' },
    seeds: { type: 'string', default: '200' },
    from: { type: 'string', default: '1' },
    trace: { type: 'boolean', default: false },
    hashes: { type: 'boolean', default: false },
    mutant: { type: 'string' },
    'profile-of': { type: 'string' },
    hosts: { type: 'string' },
    'until-failure': { type: 'boolean', default: false },
  },
})

type RunWorld<Profile> = (
  seed: number,
  options: {
    readonly hosts?: WorldHosts
    readonly change?: (profile: Profile) => Profile
    readonly print?: (line: string) => void
  },
) => WorldReport | Promise<WorldReport>

if (values.consensus)
  await runWorlds(replicaMutants, async () => (await import('./consensus/run-replica-world.ts')).runReplicaWorld)
else await runWorlds([...mutants, ...clusterMutants], async () => (await import('./run-world.ts')).runWorld)

/** `load` comes after the mutant, which changes what is imported. */
async function runWorlds<Profile>(known: readonly Mutant<Profile>[], load: () => Promise<RunWorld<Profile>>): Promise<void> {
  const mutant = mutantOf(known, values.mutant)
  const profile = mutant ?? mutantOf(known, values['profile-of'])
  if (mutant !== undefined) loadMutant(mutant)
  const runWorld = await load()
  const from = wholeNumber(values.seed ?? values.from)
  const count = values.seed === undefined ? wholeNumber(values.seeds) : 1
  const summary = new Summary()
  const asked = values.hosts ?? profile?.hosts ?? 1
  const hosts = worldKinds.find((kind) => kind === asked) ?? wholeNumber(String(asked))
  const sort = values.consensus ? ' --consensus' : hosts === 1 ? '' : ` --hosts ${hosts}`
  const again = `${sort}${profile ? ` --${mutant ? 'mutant' : 'profile-of'} ${profile.name}` : ''}`
  for (let seed = from; seed < from + count; seed++) {
    const report = await runWorld(seed, { hosts, ...(values.trace && { print }), ...(profile && { change: profile.profile }) })
    summary.add(report)
    if (values.hashes) print(`${seed} ${report.hash}`)
    const { failure } = report
    if (failure === undefined) continue
    print(`seed ${seed}: ${failure.message}\n  ${failure.profile}\n${failure.trace.map((line) => `  ${line}`).join('\n')}`)
    print(`  again: npm run sim -- --seed ${seed} --trace${again}`)
    if (values['until-failure']) break
  }
  print(summary.text())
  process.exitCode = summary.failed > 0 ? 1 : 0
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

function mutantOf<Profile>(known: readonly Mutant<Profile>[], name: string | undefined): Mutant<Profile> | undefined {
  const found = known.find((each) => each.name === name)
  assert(name === undefined || found !== undefined, `the mutants are ${known.map((each) => each.name).join(', ')}`)
  return found
}

function wholeNumber(text: string): number {
  const number = Number(text)
  assert(Number.isSafeInteger(number) && number >= 0, `${text} is no seed and no count`)
  return number
}
