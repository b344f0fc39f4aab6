import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { consoleLink, isIn, launchChromium, viewport } from '../e2e/support/console-pages.ts'
import { countFrames } from '../e2e/support/counted-frames.ts'
import { measureKeys } from '../e2e/support/measured-keys.ts'
import { Program } from '../e2e/support/program.ts'
import { ensureBuiltApp } from '../support/built-app.ts'
import { startMemo } from '../support/memo-process.ts'
import type { BenchOptions } from './bench-options.ts'
import type { Results } from './results.ts'

/** Of all keys, how many lie in the folder that is opened. */
const childrenShare = 10
/** The last of few, so that it and its end are in sight. */
const crowded = 'many'

function* entries(keys: number): Generator<readonly [string, string]> {
  for (let at = 0; at < keys; at += 1) {
    const folder = at % childrenShare === 0 ? crowded : `group-${String(at % 12).padStart(2, '0')}`
    yield [`${folder}/${String(at).padStart(9, '0')}`, 'a small value']
  }
}

/** The screens of a node with very many keys, a tenth of them in one folder, in Chromium. */
export async function runGuiSuite(options: BenchOptions, results: Results): Promise<void> {
  ensureBuiltApp()
  const folder = mkdtempSync(join(tmpdir(), 'memo-bench-'))
  const data = join(folder, 'data')
  const node = await startMemo(data)
  const browser = await launchChromium()
  try {
    using program = new Program(node.ready.grpc)
    await program.putAll(entries(options.keys))
    for (let round = 0; round < options.rounds; round += 1) {
      const page = await (await browser.newContext({ viewport })).newPage()
      await page.goto(await consoleLink(data))
      await isIn(page)
      const figures = await measureKeys(page, countFrames(page), `${crowded}/`, '000000000')
      const add = (metric: string, value: number) =>
        results.add({ suite: 'gui', cell: `${options.keys} keys, a tenth in one folder`, subject: 'memo', metric, value })
      add('first paint after data, ms', figures.firstPaintMs)
      add('frames per second of a scroll', figures.framesPerSecond)
      add('longest task of a scroll, ms', figures.longestTaskMs)
      add('heap MB with all of the folder', figures.heapBytes / 1e6)
      add('rows in the document', figures.rowsMax)
      await page.context().close()
    }
  } finally {
    await browser.close()
    await node.terminate()
    rmSync(folder, { recursive: true, force: true })
  }
}
