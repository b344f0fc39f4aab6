import { useEffect, useState } from 'react'
import type { Job } from '../../ipc/contract/job-schemas.ts'
import type { JobSample } from './job-progress.ts'
import { withSample } from './job-progress.ts'

type Samples = ReadonlyMap<string, readonly JobSample[]>

/** What was seen of running jobs in the last seconds, for their speed. */
export function useJobSamples(jobs: readonly Job[] | undefined): Samples {
  const [samples, setSamples] = useState<Samples>(new Map())
  useEffect(() => {
    if (jobs === undefined) return
    const atMs = Date.now()
    setSamples((before) => {
      const running = jobs.filter((job) => job.state === 'running')
      if (running.length === 0 && before.size === 0) return before
      return new Map(
        running.map(({ id, bytesDone, itemsDone }) => [id, withSample(before.get(id) ?? [], { atMs, bytesDone, itemsDone })]),
      )
    })
  }, [jobs])
  return samples
}
