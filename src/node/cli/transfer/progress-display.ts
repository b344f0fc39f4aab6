import type { Writable } from 'node:stream'
import { Presets, SingleBar } from 'cli-progress'
import type { TransferReport } from './transfer-report.ts'
import { byteText } from './transfer-report.ts'

export interface ProgressDisplay {
  /** How many there will be, as soon as that is known. */
  expect(total: number): void
  update(report: TransferReport): void
  stop(report: TransferReport): void
}

export interface ProgressOptions {
  readonly stderr: Writable & { readonly isTTY?: boolean }
  readonly verb: string
  /** With --json and --quiet nothing is drawn. */
  readonly silent: boolean
}

const lineIntervalMs = 5000

/** A bar on a terminal, a line every few seconds elsewhere. On standard error, so that results stay apart. */
export function createProgress(options: ProgressOptions): ProgressDisplay {
  if (options.silent) return { expect: () => {}, update: () => {}, stop: () => {} }
  return options.stderr.isTTY === true ? bar(options) : lines(options)
}

function bar({ stderr, verb }: ProgressOptions): ProgressDisplay {
  const format = `${verb} {bar} {value}/{total} | {copied} copied, {skipped} skipped, {failed} failed | {bytes} | {rate}/s`
  const display = new SingleBar(
    { format, stream: stderr as NodeJS.WritableStream, hideCursor: true, fps: 8 },
    Presets.shades_classic,
  )
  let total = 0
  display.start(0, 0, facts(undefined))
  return {
    expect(count) {
      total = count
      display.setTotal(Math.max(1, total))
    },
    update(report) {
      if (report.handled > total) {
        total = report.handled
        display.setTotal(total)
      }
      display.update(report.handled, facts(report))
    },
    stop(report) {
      display.update(report.handled, facts(report))
      display.stop()
    },
  }
}

function lines({ stderr, verb }: ProgressOptions): ProgressDisplay {
  let total: number | undefined
  let nextMs = performance.now() + lineIntervalMs
  return {
    expect(count) {
      total = count
    },
    update(report) {
      if (performance.now() < nextMs) return
      nextMs = performance.now() + lineIntervalMs
      const { copied, skipped, failed, bytes } = facts(report)
      const of = total === undefined ? '' : ` of ${total}`
      stderr.write(`${verb} ${report.handled}${of}: ${copied} copied, ${skipped} skipped, ${failed} failed, ${bytes}\n`)
    },
    stop: () => {},
  }
}

function facts(report: TransferReport | undefined) {
  if (report === undefined) return { copied: 0, skipped: 0, failed: 0, bytes: '0 B', rate: 0 }
  const seconds = Math.max(0.001, (performance.now() - report.startedMs) / 1000)
  return {
    copied: report.copied,
    skipped: report.handled - report.copied - report.failed,
    failed: report.failed,
    bytes: byteText(report.copiedBytes),
    rate: Math.round(report.handled / seconds),
  }
}
