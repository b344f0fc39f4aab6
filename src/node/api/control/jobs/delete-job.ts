import type { BatchOperation, KeyValueService } from '../../../engine/kv/key-value-service.ts'
import type { Clock } from '../../../ports/clock.ts'
import { controlLimits } from '../control-limits.ts'
import { noteDamage } from './export-lines.ts'
import type { JobRecord } from './job-record.ts'
import { retried } from './value-import.ts'

export interface DeleteJobParts {
  readonly keyValues: KeyValueService
  readonly clock: Pick<Clock, 'sleep'>
  readonly isReadOnly: () => boolean
}

const store = ''

/** Removes the keys below a prefix, page by page. One that is made behind the page that is at work stays. */
export async function runDeleteJob(record: JobRecord, { keyValues, clock, isReadOnly }: DeleteJobParts): Promise<void> {
  const { signal, prefix } = record
  let pageToken: Uint8Array | undefined
  try {
    for (let more = true; more && record.running; ) {
      if (isReadOnly()) return record.end('failed', 'the node became read-only for its screens')
      const query = { prefix, limit: controlLimits.jobPageKeys, ...(pageToken !== undefined && { pageToken }) }
      const page = await keyValues.list(store, query, { signal })
      const { items, nextPageToken } = page
      noteDamage(page, record)
      const operations = items.map(
        ({ metadata }): BatchOperation => ({ kind: 'delete', key: metadata.key, precondition: { kind: 'any' } }),
      )
      const results =
        operations.length === 0 ? [] : await retried({ clock, signal }, () => keyValues.batch(store, operations, { signal }))
      for (const result of results) {
        if (result.kind === 'conflict') record.itemSkipped()
        else {
          record.bytesMoved(result.metadata.size)
          record.itemDone()
        }
      }
      pageToken = nextPageToken
      more = nextPageToken !== undefined
    }
    record.end('done')
  } catch (error) {
    record.end('failed', error instanceof Error ? error.message : String(error))
  }
}
