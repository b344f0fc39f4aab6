import { CodedError } from '../../../shared/coded-error.ts'
import type { ChangeResult, KeyValueService } from '../../engine/kv/key-value-service.ts'
import type { NodeObserver } from '../../observe/node-observer.ts'

/** The key-value service with its conflicts, full queues and damaged records told to the observer. */
export function observedKeyValues(inner: KeyValueService, observer: NodeObserver): KeyValueService {
  const watch = async <Result>(call: Promise<Result>): Promise<Result> => {
    try {
      return await call
    } catch (error) {
      noteFailure(error, observer)
      throw error
    }
  }
  const changed = async (call: Promise<ChangeResult>): Promise<ChangeResult> => {
    const result = await watch(call)
    if (result.kind === 'conflict') observer.preconditionFailed()
    return result
  }
  return {
    get: (...call) => watch(inner.get(...call)),
    read: async (...call) => {
      const found = await watch(inner.read(...call))
      return found === undefined ? undefined : { ...found, pieces: watchedPieces(found.pieces, observer) }
    },
    stat: (...call) => watch(inner.stat(...call)),
    put: (...call) => changed(inner.put(...call)),
    putStream: (...call) => changed(inner.putStream(...call)),
    delete: (...call) => changed(inner.delete(...call)),
    async batch(...call) {
      const results = await watch(inner.batch(...call))
      for (const { kind } of results) if (kind === 'conflict') observer.preconditionFailed()
      return results
    },
    list: (...call) => watch(inner.list(...call)),
  }
}

async function* watchedPieces(pieces: AsyncIterable<Uint8Array>, observer: NodeObserver): AsyncIterable<Uint8Array> {
  try {
    yield* pieces
  } catch (error) {
    noteFailure(error, observer)
    throw error
  }
}

function noteFailure(error: unknown, observer: NodeObserver): void {
  if (!(error instanceof CodedError)) return
  if (error.code === 'queue-full') observer.queueFull()
  if (error.code === 'data-corrupt') observer.damageRead({ code: error.code })
}
