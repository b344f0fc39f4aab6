import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { CodedError } from '../../../shared/coded-error.ts'
import type { CliIo } from '../cli-io.ts'
import type { KeyValueClient } from '../client/key-value-client.ts'
import { keyValueClient } from '../client/key-value-client.ts'
import type { RemoteFlags } from '../client/remote-command.ts'
import { withConnection } from '../client/remote-command.ts'
import { exitCodes } from '../exit-codes.ts'
import { readableStdin } from '../standard-input.ts'
import { exportFolder } from '../transfer/export-folder.ts'
import { exportNdjson } from '../transfer/export-ndjson.ts'
import { countFolder, folderSource } from '../transfer/folder-source.ts'
import { runImport } from '../transfer/import-run.ts'
import { ndjsonFileSource, ndjsonStreamSource } from '../transfer/ndjson-source.ts'
import type { ProgressDisplay } from '../transfer/progress-display.ts'
import { createProgress } from '../transfer/progress-display.ts'
import type { ImportItem } from '../transfer/transfer-item.ts'
import { TransferReport } from '../transfer/transfer-report.ts'
import { WholeFile } from '../transfer/whole-file.ts'

export interface TransferFlags extends RemoteFlags {
  readonly prefix: string
  readonly quiet?: boolean
}

export interface ExportFlags extends TransferFlags {
  readonly format?: string
}

const defaultStore = ''

export function importFrom(source: string, flags: TransferFlags, io: CliIo): Promise<void> {
  return withConnection(flags, io, async ({ connection, output }) => {
    const client = keyValueClient(connection, defaultStore)
    const report = new TransferReport(performance.now())
    const progress = createProgress({ stderr: io.stderr, verb: 'import', silent: output.json || flags.quiet === true })
    const counting = new AbortController()
    const items = await itemsOf(source, io, progress, counting.signal)
    try {
      await runImport(items, {
        client,
        prefix: flags.prefix,
        report,
        signal: io.signal,
        progressed: () => progress.update(report),
        waiting: ({ message }, forMs) => {
          if (flags.quiet !== true) output.remark(`memo: ${message}; trying again for ${forMs / 1000} s`)
        },
      })
    } finally {
      counting.abort()
      progress.stop(report)
      // Also of an import that ended early: what it did is done.
      await output.result(report.toText('imported', performance.now()), report.toJson(performance.now()))
    }
    if (report.failed + report.valuesLeftOut > 0) io.setExitCode(exitCodes.failure)
  })
}

async function itemsOf(
  source: string,
  io: CliIo,
  progress: ProgressDisplay,
  counting: AbortSignal,
): Promise<AsyncIterable<ImportItem>> {
  if (source === '-') return ndjsonStreamSource(readableStdin(io.stdin))
  const facts = await stat(source).catch((error: Error) => {
    throw new CodedError('invalid-argument', `cannot read ${source}: ${error.message}`, { cause: error })
  })
  if (facts.isFile()) return ndjsonFileSource(source)
  if (!facts.isDirectory())
    throw new CodedError(
      'invalid-argument',
      `${source} is neither a folder nor a regular file; NDJSON from a pipe is read as "-"`,
    )
  const root = resolve(source)
  // Only the progress bar asks for the count: an import does not wait for it and does not fail of it.
  void countFolder(root, counting).then(progress.expect, () => {})
  return folderSource(root)
}

export function exportTo(target: string, flags: ExportFlags, io: CliIo): Promise<void> {
  const format = flags.format ?? (target === '-' || /\.(?:ndjson|jsonl)$/.test(target) ? 'ndjson' : 'folder')
  if (format !== 'ndjson' && format !== 'folder')
    throw new CodedError('invalid-argument', `--format "${format}" is neither folder nor ndjson`)
  if (target === '-' && format === 'folder')
    throw new CodedError('invalid-argument', 'a folder cannot be written to standard output')
  return withConnection(flags, io, async ({ connection, output }) => {
    const client = keyValueClient(connection, defaultStore)
    const report = new TransferReport(performance.now())
    const progress = createProgress({ stderr: io.stderr, verb: 'export', silent: output.json || flags.quiet === true })
    const counting = new AbortController()
    if (io.stderr.isTTY === true) void countKeys(client, flags.prefix, counting.signal).then(progress.expect, () => {})
    const options = { client, prefix: flags.prefix, report, signal: io.signal, progressed: () => progress.update(report) }
    try {
      if (format === 'folder') await exportFolder(resolve(target), options)
      else if (target === '-') await exportNdjson({ write: output.bytes }, options)
      else await exportFile(resolve(target), options)
    } finally {
      counting.abort()
      progress.stop(report)
    }
    // Standard output holds the keys themselves when they were written there.
    if (target !== '-') await output.result(report.toText('exported', performance.now()), report.toJson(performance.now()))
    else output.remark(report.toText('exported', performance.now()))
    if (report.leftOut > 0)
      output.remark(
        `memo: the export is not whole, what it lacks is said above (${report.leftOut} left out): an NDJSON export holds every key`,
      )
    if (report.isDamaged) io.setExitCode(exitCodes.corrupt)
    else if (report.failed + report.leftOut > 0) io.setExitCode(exitCodes.failure)
  })
}

/** The file gets its name when it is whole; what an interrupted export left is written anew. */
async function exportFile(path: string, options: Parameters<typeof exportNdjson>[1]): Promise<void> {
  await using file = await WholeFile.create(path)
  await exportNdjson(file, options)
  await file.commit()
}

async function countKeys(client: KeyValueClient, prefix: string, signal: AbortSignal): Promise<number> {
  let total = 0
  let pageToken: Uint8Array = new Uint8Array(0)
  do {
    const page = await client.list({ prefix, pageToken }, { signal })
    total += page.items.length
    pageToken = page.nextPageToken
  } while (pageToken.length > 0)
  return total
}
