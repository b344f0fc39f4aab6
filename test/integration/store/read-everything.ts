/**
 * A process that opens a store and reads all of it: LevelDB does not verify the blocks of its tables, and a damaged one may end the
 * process in one of its assertions. Run by the tests with the folder and a file of keys; it says `done` when it has lived through.
 */
import { readFileSync, writeSync } from 'node:fs'
import type { RecordFamily } from '../../../src/node/ports/record-store.ts'
import { recordFamilies } from '../../../src/node/ports/record-store.ts'
import { openLevelStoreAt } from './level-bed.ts'

const [root = '', keysFile = ''] = process.argv.slice(2)

async function ignoring(call: () => Promise<unknown> | unknown): Promise<void> {
  try {
    await call()
  } catch {
    // What it says is judged in the test's own process.
  }
}

await ignoring(async () => {
  const store = await openLevelStoreAt(root)
  const keys = JSON.parse(readFileSync(keysFile, 'utf8')) as readonly (readonly [RecordFamily, string])[]
  for (const [family, key] of keys) await ignoring(() => store.get(family, Buffer.from(key, 'hex')))
  for (const family of recordFamilies) await ignoring(() => store.scan(family, { limit: 10_000 }))
  await ignoring(() => store.verify())
  await store.close()
})
writeSync(1, 'done')
