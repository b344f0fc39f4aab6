import { act, renderHook } from '@testing-library/react'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Job } from '../../../../src/ipc/contract/job-schemas.ts'
import { jobProgress } from '../../../../src/renderer/jobs/job-progress.ts'
import { useJobSamples } from '../../../../src/renderer/jobs/use-job-samples.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const none = { skipped: 0, failed: 0, failures: [] }
const job: Job = { id: 'j', kind: 'import', prefix: '', state: 'running', startedMs: 0, itemsDone: 3, bytesDone: 30, ...none }

test('a job in a list that is made anew for each look draws nothing by itself', () => {
  let renders = 0
  renderHook(() => {
    renders += 1
    return useJobSamples([job])
  })
  expect(renders).toBeLessThan(4)
})

test('a job of which nothing new is heard is seen to stand, and an ended one is looked at no more', () => {
  const { result, rerender } = renderHook(({ jobs }) => useJobSamples(jobs), { initialProps: { jobs: [job] } })
  act(() => void vi.advanceTimersByTime(12_000))
  expect(jobProgress(job, result.current.get('j') ?? [], Date.now()).stalled).toBe(true)
  rerender({ jobs: [{ ...job, state: 'done' }] })
  expect(result.current.size).toBe(0)
  expect(vi.getTimerCount()).toBe(0)
})
