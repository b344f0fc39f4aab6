import { createHash } from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../..')
const simulated = ['src/node/**/*.ts', 'src/shared/**/*.ts', 'test/sim/**/*.ts']
/** How many worlds there are does not make others of them. */
const exclude = ['test/sim/**/*.test.ts']

/**
 * The first of the fresh seeds of one test, by a digest of the sources that worlds are made of: the same sources have the same worlds, so that what
 * failed fails until it is mended, and each change has others.
 */
export function freshSeedsFrom(test: string): number {
  const hash = createHash('sha256').update(test)
  for (const path of globSync(simulated, { cwd: root, exclude }).sort())
    hash.update(`\0${path}\0`).update(readFileSync(join(root, path)))
  return hash.digest().readUInt32BE() >>> 2
}
