/** Feeds imports to the node and takes exports from it, piece by piece. A run goes on while the person looks at something else. */

import { create } from 'zustand'
import type { Failure } from '../../../../ipc/contract/common-schemas.ts'
import type { Job } from '../../../../ipc/contract/job-schemas.ts'
import { wireLimits } from '../../../../ipc/contract/wire-limits.ts'
import type { NodeClient } from '../../../connection/clients.ts'
import { failureOf } from '../../../connection/failure.ts'
import { importSource } from '../../../jobs/import-source.ts'
import type { ImportPlan } from './import-files.ts'
import { firstPieceBytes, nextPieceBytes } from './piece-size.ts'

export type TransferKind = 'import' | 'export'

export interface TransferRun {
  readonly job: Job | undefined
  readonly state: 'running' | 'done' | 'failed' | 'cancelled'
  readonly failure?: Failure
}

interface RunsState {
  /** The latest of each kind. */
  readonly runs: ReadonlyMap<TransferKind, TransferRun>
}

export const useTransferRuns = create<RunsState>()(() => ({ runs: new Map() }))

export function useTransferRun(kind: TransferKind): TransferRun | undefined {
  return useTransferRuns((state) => state.runs.get(kind))
}

function latestRun(kind: TransferKind): TransferRun | undefined {
  return useTransferRuns.getState().runs.get(kind)
}

const aborts = new Map<TransferKind, AbortController>()
const emptyTakeMs = 100

function tell(kind: TransferKind, run: TransferRun | undefined): void {
  const runs = new Map(useTransferRuns.getState().runs)
  if (run === undefined) runs.delete(kind)
  else runs.set(kind, run)
  useTransferRuns.setState({ runs })
}

export function forgetRun(kind: TransferKind): void {
  if (latestRun(kind)?.state !== 'running') tell(kind, undefined)
}

/** The node forgets what was not finished; keys that were written stay. */
export function cancelRun(kind: TransferKind, client: NodeClient): void {
  const run = latestRun(kind)
  aborts.get(kind)?.abort()
  if (run === undefined) return
  tell(kind, { ...run, state: 'cancelled' })
  // Where the node is away the job ends with it.
  if (run.job !== undefined) void client.jobs.cancel({ id: run.job.id }).catch(() => undefined)
}

async function run(kind: TransferKind, work: (signal: AbortSignal, progress: (job: Job) => void) => Promise<Job>): Promise<void> {
  aborts.get(kind)?.abort()
  const abort = new AbortController()
  aborts.set(kind, abort)
  let latest: Job | undefined
  const progress = (job: Job): void => {
    latest = job
    if (!abort.signal.aborted) tell(kind, { job, state: 'running' })
  }
  tell(kind, { job: undefined, state: 'running' })
  try {
    const job = await work(abort.signal, progress)
    if (!abort.signal.aborted)
      tell(kind, { job, state: job.state === 'cancelled' || job.state === 'failed' ? job.state : 'done' })
  } catch (error) {
    if (!abort.signal.aborted) tell(kind, { job: latest, state: 'failed', failure: failureOf(error) })
  }
}

export async function runImport(client: NodeClient, plan: ImportPlan, prefix: string, mode: 'skip' | 'replace'): Promise<void> {
  await run('import', async (signal, progress) => {
    const totals =
      plan.format === 'files' ? { itemsTotal: plan.files.length, bytesTotal: plan.bytes } : { bytesTotal: plan.bytes }
    const source = importSource(plan.files)
    const named = source === undefined ? totals : { ...totals, source }
    const job = await client.jobs.create({ kind: 'import', format: plan.format, prefix, mode, ...named }, { signal })
    progress(job)
    // A file that is one value comes in as few pieces as there can be.
    const byLines = plan.format === 'ndjson'
    let pieceBytes: number = byLines ? firstPieceBytes : wireLimits.jobPieceBytesMax
    for (const { path, file } of plan.files) {
      let offset = 0
      do {
        const bytes = new Uint8Array(await file.slice(offset, offset + pieceBytes).arrayBuffer())
        offset += bytes.length
        const sentMs = performance.now()
        progress(await client.jobs.feed({ id: job.id, path, bytes, last: offset >= file.size }, { signal }))
        if (byLines) pieceBytes = nextPieceBytes(pieceBytes, performance.now() - sentMs)
      } while (offset < file.size)
    }
    return await client.jobs.finish({ id: job.id }, { signal })
  })
}

/** Gives all of the export as one file of NDJSON. */
export async function runExport(client: NodeClient, prefix: string, save: (blob: Blob) => void): Promise<void> {
  await run('export', async (signal, progress) => {
    const { id } = await client.jobs.export({ prefix }, { signal })
    const parts: Uint8Array<ArrayBuffer>[] = []
    for (;;) {
      const { bytes, done, job } = await client.jobs.take({ id }, { signal })
      if (bytes.length > 0) parts.push(Uint8Array.from(bytes))
      progress(job)
      if (done) {
        save(new Blob(parts, { type: 'application/x-ndjson' }))
        return job
      }
      if (bytes.length === 0) await new Promise((resolve) => setTimeout(resolve, emptyTakeMs))
    }
  })
}
