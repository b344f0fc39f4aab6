/**
 * A process that commits batches until it is killed, or as many as it is told to. It prints one line for each event: `open`, then
 * `sent <n>` before and `kept <n>` after each batch. Run by the tests with a folder, the first number, and optionally a count.
 */
import { writeSync } from 'node:fs'
import { isCoded } from '../../../src/shared/coded-error.ts'
import { killBatch } from './kill-batch.ts'
import { openLevelStoreAt } from './level-bed.ts'

const [root = '', first = '1', count = 'Infinity'] = process.argv.slice(2)

function say(line: string): void {
  writeSync(1, `${line}\n`)
}

try {
  const store = await openLevelStoreAt(root)
  say(`open ${store.identity.bootCount} ${store.condition.kind}`)
  let next = Number(first)
  const last = next + Number(count)
  const writer = async () => {
    while (next < last) {
      const number = next++
      say(`sent ${number}`)
      await store.commit(killBatch(number))
      say(`kept ${number}`)
    }
  }
  await Promise.all(Array.from({ length: 8 }, writer))
  await store.close()
  say('closed')
} catch (error) {
  say(`error ${isCoded(error, 'store-locked') ? 'store-locked' : String(error)}`)
  process.exitCode = 1
}
