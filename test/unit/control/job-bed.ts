import { SystemRandom } from '../../../src/node/adapters/system-random/system-random.ts'
import { JobKeeper } from '../../../src/node/api/control/jobs/job-keeper.ts'
import type { KeyValueService } from '../../../src/node/engine/kv/key-value-service.ts'
import { gather, KeyValueWorld } from '../../support/key-value-world.ts'

const pieceBytes = 1024 * 1024
export const never = new AbortController().signal
const context = { signal: never }

export interface JobBedOptions {
  /** Between the jobs and the store. */
  readonly changed?: (inner: KeyValueService) => Partial<KeyValueService>
}

/** A store on a memory disk and the jobs of its screens. */
export class JobBed implements AsyncDisposable {
  readonly world: KeyValueWorld
  readonly jobs: JobKeeper
  readOnly = false
  changes = 0

  private constructor(world: KeyValueWorld, { changed = () => ({}) }: JobBedOptions) {
    this.world = world
    this.jobs = new JobKeeper({
      keyValues: { ...methodsOf(world.kv), ...changed(world.kv) },
      clock: world.clock,
      random: new SystemRandom(),
      isReadOnly: () => this.readOnly,
      changed: () => {
        this.changes += 1
      },
    })
  }

  static async make(options: JobBedOptions = {}): Promise<JobBed> {
    return new JobBed(await KeyValueWorld.make(), options)
  }

  async put(key: string, value: Uint8Array, contentType = ''): Promise<void> {
    const pieces = async function* () {
      yield value
    }
    await this.world.kv.putStream('', key, pieces(), { precondition: { kind: 'any' }, contentType }, context)
  }

  async value(key: string): Promise<Uint8Array | undefined> {
    const found = await this.world.kv.read('', key, {}, context)
    return found === undefined ? undefined : await gather(found.pieces)
  }

  async version(key: string): Promise<bigint | undefined> {
    return (await this.world.kv.stat('', key, context))?.metadata.version
  }

  async keys(prefix = ''): Promise<string[]> {
    const { items } = await this.world.kv.list('', { prefix }, context)
    return items.map(({ metadata }) => metadata.key)
  }

  /** Feeds a whole file in pieces. */
  async feed(id: string, path: string, bytes: Uint8Array): Promise<void> {
    for (let from = 0; from === 0 || from < bytes.length; from += pieceBytes) {
      const piece = new Uint8Array(bytes.subarray(from, from + pieceBytes))
      await this.jobs.feed(id, { path, bytes: piece, last: from + pieceBytes >= bytes.length }, never)
    }
  }

  /** Everything that an export gives, and its pieces' sizes. */
  async takeAll(id: string): Promise<{ readonly bytes: Uint8Array; readonly sizes: number[] }> {
    const pieces: Uint8Array[] = []
    for (let done = false; !done; ) {
      const piece = await this.jobs.take(id, never)
      pieces.push(piece.bytes)
      done = piece.done
    }
    return { bytes: Buffer.concat(pieces), sizes: pieces.map(({ length }) => length) }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.jobs.stop()
    await this.world.close()
  }
}

function methodsOf(kv: KeyValueService): KeyValueService {
  return {
    get: (...asked) => kv.get(...asked),
    read: (...asked) => kv.read(...asked),
    stat: (...asked) => kv.stat(...asked),
    put: (...asked) => kv.put(...asked),
    putStream: (...asked) => kv.putStream(...asked),
    delete: (...asked) => kv.delete(...asked),
    batch: (...asked) => kv.batch(...asked),
    list: (...asked) => kv.list(...asked),
  }
}
