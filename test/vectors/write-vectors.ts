/** Writes the vector files anew: `node test/vectors/write-vectors.ts && npx biome format --write test/vectors`. A changed file is a changed format. */

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { vectorFiles, vectorText } from './vectors.ts'

for (const [name, make] of Object.entries(vectorFiles)) {
  writeFileSync(join(import.meta.dirname, `${name}.json`), vectorText(make()))
}
