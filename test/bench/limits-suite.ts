import { createHash, randomBytes } from 'node:crypto'
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import type { BenchOptions } from './bench-options.ts'
import { runClosedLoop } from './closed-loop.ts'
import { startEcho } from './echo-peer.ts'
import type { Results } from './results.ts'

/** What the box can do at all: the echo of grpc-js, the disk's syncs, hashing. Everything else is read against these. */
export async function runLimitsSuite(options: BenchOptions, results: Results): Promise<void> {
  const add = (cell: string, metric: string, value: number) => {
    results.add({ suite: 'limits', cell, subject: 'box', metric, value })
  }
  const echo = await startEcho()
  try {
    for (const inFlight of options.inFlight) {
      const call = (sequence: number) => echo.call(`bench/${sequence % 1000}`, randomBytes(100))
      const loop = await runClosedLoop(call, { inFlight, durationMs: options.secondsPerCell * 500, warmUpMs: 500 })
      add(`grpc-js echo 100 B, ${inFlight}`, 'per second', loop.perSecond)
    }
  } finally {
    await echo.stop()
  }
  for (const size of [128, 65_536, 1_048_576]) {
    const rate = syncedAppendsPerSecond(size, options.secondsPerCell * 200)
    add(`append ${size} B + fdatasync`, 'per second', rate)
  }
  const block = randomBytes(1_048_576)
  const start = performance.now()
  for (let index = 0; index < 200; index++) createHash('sha256').update(block).digest()
  add('SHA-256 of 1 MiB', 'MB/s', (200 * 1.048576 * 1000) / (performance.now() - start))
}

function syncedAppendsPerSecond(size: number, durationMs: number): number {
  const directory = mkdtempSync(join(tmpdir(), 'memo-limits-'))
  const file = openSync(join(directory, 'append'), 'w')
  try {
    const bytes = randomBytes(size)
    let count = 0
    const start = performance.now()
    while (performance.now() - start < durationMs && count * size < 2 ** 30) {
      writeSync(file, bytes)
      fdatasyncSync(file)
      count++
    }
    return (count * 1000) / (performance.now() - start)
  } finally {
    closeSync(file)
    rmSync(directory, { recursive: true })
  }
}
