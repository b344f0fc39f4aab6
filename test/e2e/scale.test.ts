import { expect, test } from 'vitest'
import { countFrames } from './support/counted-frames.ts'
import { measureKeys } from './support/measured-keys.ts'
import { Program } from './support/program.ts'
import { ScreensBed } from './support/screens.ts'

const bed = new ScreensBed()

const children = 100_000
const nameOf = (at: number) => String(at).padStart(6, '0')

function* entries(): Generator<readonly [string, string]> {
  for (let at = 0; at < children; at += 1) yield [`many/${nameOf(at)}`, '']
}

test('a folder of 100 000 keys: few rows in the document, one request for each page, no long stall, a small heap', async () => {
  const { page, grpc } = await bed.openBrowser()
  using program = new Program(grpc)
  await program.putAll(entries())
  const figures = await measureKeys(page, countFrames(page), 'many/', nameOf(0))
  console.log(figures)
  expect(figures.rowsMax).toBeLessThan(100)
  expect(figures.listRequests).toBeLessThanOrEqual(children / 500 + 5)
  expect(figures.heapBytes).toBeLessThan(400e6)
  // Of machines that do other things beside; the budgets themselves are measured by npm run bench -- gui.
  expect(figures.longestTaskMs).toBeLessThan(2_000)
})
