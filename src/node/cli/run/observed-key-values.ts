import { isCoded } from '../../../shared/coded-error.ts'
import { isHidden } from '../../../shared/hidden-record.ts'
import type { ChangeResult, KeyValueService, ListPage } from '../../engine/kv/key-value-service.ts'
import type { NodeObserver } from '../../observe/node-observer.ts'
import type { Clock } from '../../ports/clock.ts'

/** The key-value service with its traffic, conflicts, full queues and damaged records told to the observer. */
export function observedKeyValues(
  inner: KeyValueService,
  observer: NodeObserver,
  clock: Pick<Clock, 'monotonicMs'>,
): KeyValueService {
  const watchedBy =
    (note: typeof noteFailure) =>
    async <Result>(call: Promise<Result>): Promise<Result> => {
      try {
        return await call
      } catch (error) {
        note(error, observer)
        throw error
      }
    }
  const watch = watchedBy(noteFailure)
  const watchChange = watchedBy(noteRefusal)
  /** A value put, or none for a removal. */
  const changed = async (call: Promise<ChangeResult>, puts: number): Promise<ChangeResult> => {
    const startedMs = clock.monotonicMs()
    const result = await watchChange(call)
    if (result.kind === 'conflict') observer.preconditionFailed()
    else observer.changed({ puts, bytes: puts * result.metadata.size, durationMs: clock.monotonicMs() - startedMs })
    return result
  }
  return {
    async get(...call) {
      const startedMs = clock.monotonicMs()
      const found = await watch(inner.get(...call))
      if (found !== undefined) observer.read({ gets: 1, bytes: found.value.length, durationMs: clock.monotonicMs() - startedMs })
      return found
    },
    async read(...call) {
      const startedMs = clock.monotonicMs()
      const found = await watch(inner.read(...call))
      if (found === undefined) return undefined
      const openMs = clock.monotonicMs() - startedMs
      return { ...found, pieces: watchedPieces(found.pieces, observer, openMs) }
    },
    stat: (...call) => watch(inner.stat(...call)),
    put: (...call) => changed(inner.put(...call), 1),
    putStream: (...call) => changed(inner.putStream(...call), 1),
    delete: (...call) => changed(inner.delete(...call), 0),
    async batch(store, operations, context) {
      const startedMs = clock.monotonicMs()
      const results = await watchChange(inner.batch(store, operations, context))
      let puts = 0
      let bytes = 0
      for (const [index, { kind }] of results.entries()) {
        const operation = operations[index]
        if (kind === 'conflict') observer.preconditionFailed()
        else if (operation?.kind === 'put') {
          puts += 1
          bytes += operation.value.length
        }
      }
      observer.changed({ puts, bytes, durationMs: clock.monotonicMs() - startedMs })
      return results
    },
    async list(...call) {
      const startedMs = clock.monotonicMs()
      const page = await watch(inner.list(...call))
      const [, query] = call
      if (page.damage !== undefined && page.damage.unreadable.length > 0) observer.damageRead({ code: 'data-corrupt' })
      if (query.withValues === true) observer.read({ ...valuesOf(page), durationMs: clock.monotonicMs() - startedMs })
      return page
    },
  }
}

function valuesOf(page: ListPage): { readonly gets: number; readonly bytes: number } {
  let gets = 0
  let bytes = 0
  for (const { value } of page.items) {
    if (value === undefined) continue
    gets += 1
    bytes += value.length
  }
  return { gets, bytes }
}

/** What a long stream gave out is told in parts, so that its rate shows while it lasts. */
const toldBytes = 4 * 1024 * 1024

async function* watchedPieces(
  pieces: AsyncIterable<Uint8Array>,
  observer: NodeObserver,
  durationMs: number,
): AsyncIterable<Uint8Array> {
  let bytes = 0
  let gets = 1
  try {
    for await (const piece of pieces) {
      bytes += piece.length
      if (bytes >= toldBytes) {
        observer.read({ gets, bytes, durationMs })
        gets = 0
        bytes = 0
      }
      yield piece
    }
  } catch (error) {
    noteFailure(error, observer)
    throw error
  } finally {
    if (bytes > 0 || gets > 0) observer.read({ gets, bytes, durationMs })
  }
}

function noteFailure(error: unknown, observer: NodeObserver): void {
  noteRefusal(error, observer)
  if (isCoded(error, 'data-corrupt') && !isHidden(error)) observer.damageRead({ code: error.code })
}

/** Of a change. A store whose index is damaged refuses each with the code of damage, which is no damaged record each time. */
function noteRefusal(error: unknown, observer: NodeObserver): void {
  if (isCoded(error, 'queue-full')) observer.queueFull()
}
