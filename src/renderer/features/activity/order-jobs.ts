import type { Job } from '../../../ipc/contract/job-schemas.ts'

/** Those that run first, then the latest. */
export function orderJobs(jobs: readonly Job[]): Job[] {
  const rank = (job: Job): number => (job.state === 'running' ? 0 : 1)
  return jobs.toSorted((a, b) => rank(a) - rank(b) || (b.endedMs ?? b.startedMs) - (a.endedMs ?? a.startedMs))
}
