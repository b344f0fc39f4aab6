/** Puts a mutant in the place of the source that it changes. To be called before that source is imported. */
import { registerHooks } from 'node:module'
import { assert } from '../../src/shared/assert.ts'
import type { Mutant } from './mutants.ts'

export function loadMutant({ file, right, wrong }: Pick<Mutant, 'file' | 'right' | 'wrong'>): void {
  const changed = new URL(`../../src/${file}`, import.meta.url).href
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context)
      if (url !== changed) return loaded
      const source = String(loaded.source)
      assert(source.split(right).length === 2, `what a mutant changes stands once in ${file}`)
      return { ...loaded, source: source.replace(right, () => wrong) }
    },
  })
}
