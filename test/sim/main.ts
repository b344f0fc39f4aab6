/**
 * `npm run sim`: worlds from seeds. `--seed N` one world, with `--trace` all that happens in it; `--seeds N` so many, `--from N` the first
 * of them; `--hashes` prints what each came to; `--mutant NAME` with a deliberate mistake, `--profile-of NAME` with its profile alone;
 * `--until-failure` ends with the first world that fails. Ends with 1 where a promise was broken, and prints how to see it again.
 */
import { parseArgs } from 'node:util'
import { assert } from '../../src/shared/assert.ts'
import { loadMutant } from './mutant-loader.ts'
import type { Mutant } from './mutants.ts'
import { mutants } from './mutants.ts'
import { Summary } from './summary.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    seeds: { type: 'string', default: '200' },
    from: { type: 'string', default: '1' },
    trace: { type: 'boolean', default: false },
    hashes: { type: 'boolean', default: false },
    mutant: { type: 'string' },
    'profile-of': { type: 'string' },
    'until-failure': { type: 'boolean', default: false },
  },
})
const mutant = mutantOf(values.mutant)
const profile = mutant ?? mutantOf(values['profile-of'])
if (mutant !== undefined) loadMutant(mutant)
// Only now: a mutant changes what is imported.
const { runWorld } = await import('./run-world.ts')

const from = wholeNumber(values.seed ?? values.from)
const count = values.seed === undefined ? wholeNumber(values.seeds) : 1
const summary = new Summary()
for (let seed = from; seed < from + count; seed++) {
  const report = await runWorld(seed, { ...(values.trace && { print }), ...(profile && { change: profile.profile }) })
  summary.add(report)
  if (values.hashes) print(`${seed} ${report.hash}`)
  const { failure } = report
  if (failure === undefined) continue
  print(`seed ${seed}: ${failure.message}\n  ${failure.profile}\n${failure.trace.map((line) => `  ${line}`).join('\n')}`)
  print(
    `  again: npm run sim -- --seed ${seed} --trace${profile ? ` --${mutant ? 'mutant' : 'profile-of'} ${profile.name}` : ''}`,
  )
  if (values['until-failure']) break
}
print(summary.text())
process.exitCode = summary.failed > 0 ? 1 : 0

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

function mutantOf(name: string | undefined): Mutant | undefined {
  const found = mutants.find((each) => each.name === name)
  assert(name === undefined || found !== undefined, `the mutants are ${mutants.map((each) => each.name).join(', ')}`)
  return found
}

function wholeNumber(text: string): number {
  const number = Number(text)
  assert(Number.isSafeInteger(number) && number >= 0, `${text} is no seed and no count`)
  return number
}
