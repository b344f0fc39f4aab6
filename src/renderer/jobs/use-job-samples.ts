import { useEffect, useState } from 'react'
import type { Job } from '../../ipc/contract/job-schemas.ts'
import type { JobSample } from './job-progress.ts'
import { withSample } from './job-progress.ts'

type Samples = ReadonlyMap<string, readonly JobSample[]>
type Seen = readonly Pick<Job, 'id' | 'bytesDone' | 'itemsDone'>[]

/** A job of which nothing new is heard is looked at so often: that it stands is news as well. */
const lookMs = 1000

/** What was seen of running jobs in the last seconds, for their speed. The list may be made anew for each look. */
export function useJobSamples(jobs: readonly Job[] | undefined): Samples {
  const [samples, setSamples] = useState<Samples>(new Map())
  const seen = seenText(jobs ?? [])
  useEffect(() => {
    const running: Seen = JSON.parse(seen)
    const look = (): void => {
      const atMs = Date.now()
      setSamples((before) => {
        if (running.length === 0 && before.size === 0) return before
        return new Map(
          running.map(({ id, bytesDone, itemsDone }) => [id, withSample(before.get(id) ?? [], { atMs, bytesDone, itemsDone })]),
        )
      })
    }
    look()
    if (running.length === 0) return
    const timer = setInterval(look, lookMs)
    return () => clearInterval(timer)
  }, [seen])
  return samples
}

function seenText(jobs: readonly Job[]): string {
  const running: Seen = jobs
    .filter(({ state }) => state === 'running')
    .map(({ id, bytesDone, itemsDone }) => ({ id, bytesDone, itemsDone }))
  return JSON.stringify(running)
}
