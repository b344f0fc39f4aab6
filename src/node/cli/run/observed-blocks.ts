import type { BlockService, BlockView } from '../../engine/block/block-service.ts'
import type { NodeObserver } from '../../observe/node-observer.ts'
import type { Clock } from '../../ports/clock.ts'

/** The block service with its traffic told to the observer. */
export function observedBlocks(inner: BlockService, observer: NodeObserver, clock: Pick<Clock, 'monotonicMs'>): BlockService {
  const written = ({ data }: BlockView, startedMs: number) =>
    observer.changed({ puts: 1, bytes: data.length, durationMs: clock.monotonicMs() - startedMs })
  return {
    makeContent: (...call) => inner.makeContent(...call),
    makeOwner: (...call) => inner.makeOwner(...call),
    makeNamed: (...call) => inner.makeNamed(...call),
    namedAddress: (...call) => inner.namedAddress(...call),
    async insert(...call) {
      const startedMs = clock.monotonicMs()
      const block = await inner.insert(...call)
      written(block, startedMs)
      return block
    },
    async fetch(...call) {
      const startedMs = clock.monotonicMs()
      const block = await inner.fetch(...call)
      if (block !== undefined) observer.read({ gets: 1, bytes: block.data.length, durationMs: clock.monotonicMs() - startedMs })
      return block
    },
    async update(...call) {
      const startedMs = clock.monotonicMs()
      const result = await inner.update(...call)
      if (result.kind === 'updated') written(result.block, startedMs)
      return result
    },
    async remove(...call) {
      const startedMs = clock.monotonicMs()
      await inner.remove(...call)
      observer.changed({ puts: 0, bytes: 0, durationMs: clock.monotonicMs() - startedMs })
    },
    stat: (...call) => inner.stat(...call),
  }
}
