/**
 * A process that opens a store and reads all of it, after a recovery where it does not open: LevelDB may end the process over a
 * damaged table. With `level` it leaves all checks out and reads by LevelDB alone. Run by the tests with the folder; it says `done`
 * when it has lived through.
 */
import { writeSync } from 'node:fs'
import { join } from 'node:path'
import { LevelIndex } from '../../../src/node/adapters/level-store/index/level-index.ts'
import { recordFamilies } from '../../../src/node/ports/record-store.ts'
import { isCoded } from '../../../src/shared/coded-error.ts'
import { openLevelStoreAt, recoverLevelStoreAt } from './level-bed.ts'

const [root = '', mode = 'store'] = process.argv.slice(2)

async function readStore(): Promise<void> {
  const store = await openLevelStoreAt(root).catch(async (error: unknown) => {
    if (!isCoded(error, 'store-damaged')) throw error
    await recoverLevelStoreAt(root)
    return openLevelStoreAt(root)
  })
  for (const family of recordFamilies) await store.scan(family, { limit: 10_000 })
  const { findings } = await store.verify()
  if (findings.length > 0) throw new Error(findings.join('; '))
  await store.close()
}

async function readLevel(): Promise<void> {
  const index = new LevelIndex(join(root, 'index'), { cacheBytes: 1024 * 1024, writeBufferBytes: 1024 * 1024 })
  await index.open(false)
  for await (const page of index.pages({ gte: Buffer.of(0), lt: Buffer.of(0xff) })) {
    for (const [key] of page) index.getSync(key)
  }
  await index.close()
}

if (mode === 'level') await readLevel().catch(() => undefined)
else await readStore()
writeSync(1, 'done')
