import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { status } from '@grpc/grpc-js'
import type { PlainClient } from '../../support/plain-client.ts'
import { plainClient, statusOf } from '../../support/plain-client.ts'

/** Sizes that take every path: inline, in the journal, chunked under a manifest; the large ones less often. */
const sizes = [0, 10, 100, 5000, 16_500, 70_000, 300, 17_000, 40, 1_048_577, 2000, 200_000, 16_000, 1, 2_600_000, 900]
const streamPieceBytes = 256 * 1024
/** What a change meets when its process goes: the connection is lost, or its disk failed and nobody knows what became of it. */
const lostStatuses = new Set<number>([status.UNAVAILABLE, status.DEADLINE_EXCEEDED])

/** A value that proves itself: writer, sequence number and size, then bytes that follow from them, then their digest. */
function makeValue(writer: number, sequence: number): Buffer {
  const size = sizes[(writer * 7 + sequence * 3) % sizes.length] ?? 0
  const head = Buffer.from(`${writer} ${sequence} ${size}\n`)
  const body = Buffer.alloc(size, createHash('sha512').update(head).digest())
  return Buffer.concat([head, body, createHash('sha256').update(head).update(body).digest()])
}

function readSequence(writer: number, value: Uint8Array): number {
  const sequence = Number(Buffer.from(value.subarray(0, 64)).toString('latin1').split(' ')[1])
  if (!Number.isSafeInteger(sequence) || !makeValue(writer, sequence).equals(value))
    throw new Error(`half a value at writer ${writer}`)
  return sequence
}

/** Microseconds of a clock that all processes of this computer share. */
export function sharedClockUs(): number {
  return Number(process.hrtime.bigint() / 1000n)
}

/** The clients that a test talks to a node with. */
export class NodeClients {
  readonly kvs: PlainClient
  readonly v1: PlainClient

  constructor(address: string) {
    this.kvs = plainClient('memo.kvs.KeyValueStore', address)
    this.v1 = plainClient('memo.v1.KeyValue', address)
  }

  [Symbol.dispose](): void {
    this.kvs.close()
    this.v1.close()
  }
}

/** The sequence number of the value that a key has. */
type State = number | 'absent' | 'damaged'

/** One change of a key; changes of a key follow each other. */
interface Change {
  readonly state: State
  readonly sentUs: number
  acknowledgedUs: number
}

/**
 * Writers with keys of their own, each counting up, over processes that die. After a death the checker reads every key and
 * accepts the acknowledged state or one that was on its way; what it finds is from then on the acknowledged one.
 */
export class AcknowledgedWrites {
  readonly #changes = new Map<string, Change[]>()
  readonly #sequences: number[]
  readonly #keysOfWriter: number
  readonly #prefix: string
  acknowledged = 0
  unanswered = 0
  /** When the last of the acknowledged changes was sent. */
  lastAcknowledgedSentUs = 0

  constructor(writers: number, keysOfWriter: number, prefix = 'writer/') {
    this.#keysOfWriter = keysOfWriter
    this.#prefix = prefix
    this.#sequences = Array.from({ length: writers }, () => 0)
  }

  /** Writes until the process behind the clients is gone. Resolves when every writer has met the loss. */
  async writeUntilLost(clients: NodeClients): Promise<void> {
    await Promise.all(this.#sequences.map((_, writer) => this.#write(clients, writer, () => false)))
  }

  /** Writes for a while. */
  async writeFor(clients: NodeClients, durationMs: number): Promise<void> {
    let stopped = false
    const writing = Promise.all(this.#sequences.map((_, writer) => this.#write(clients, writer, () => stopped)))
    await sleep(durationMs)
    stopped = true
    await writing
  }

  async #write(clients: NodeClients, writer: number, stopped: () => boolean): Promise<void> {
    while (!stopped()) {
      const sequence = (this.#sequences[writer] ?? 0) + 1
      this.#sequences[writer] = sequence
      const key = `${this.#prefix}${writer}/${sequence % this.#keysOfWriter}`
      const changes = this.#changes.get(key) ?? []
      this.#changes.set(key, changes)
      const state: Exclude<State, 'damaged'> = sequence % 11 === 0 ? 'absent' : sequence
      const change = { state, sentUs: sharedClockUs(), acknowledgedUs: Number.POSITIVE_INFINITY }
      changes.push(change)
      try {
        await this.#send(clients, key, writer, state)
      } catch (error) {
        this.unanswered++
        if (lostStatuses.has(statusOf(error) ?? status.OK)) return
        throw error
      }
      change.acknowledgedUs = sharedClockUs()
      this.lastAcknowledgedSentUs = Math.max(this.lastAcknowledgedSentUs, change.sentUs)
      this.acknowledged++
    }
  }

  async #send({ kvs, v1 }: NodeClients, key: string, writer: number, state: Exclude<State, 'damaged'>): Promise<void> {
    if (state === 'absent') {
      await kvs.call('Delete', { key }).catch((error: unknown) => {
        if (statusOf(error) !== status.NOT_FOUND) throw error
      })
      return
    }
    const value = makeValue(writer, state)
    if (state % 3 === 0) await v1.upload('PutStream', pieces(key, value))
    else await kvs.call('Upsert', { key, value })
  }

  /**
   * Throws when a key is neither in its acknowledged state nor in one that was on its way, or has half a value. With a moment: as
   * things stood then, and nothing is concluded for later checks.
   */
  async check(clients: NodeClients, atUs?: number): Promise<void> {
    const wrong = await this.mismatches(clients, atUs)
    if (wrong.length > 0) throw new Error(wrong.join('\n'))
  }

  /** A line for each key whose state is neither acknowledged nor one that was on its way. */
  async mismatches({ kvs }: NodeClients, atUs?: number): Promise<readonly string[]> {
    const listed = await kvs.call<{ readonly items: readonly { readonly key: string }[] }>('List', { prefix: this.#prefix })
    const present = new Set(listed.items.map((item) => item.key))
    const waiting = [...this.#changes]
    const wrong: string[] = []
    const next = async (): Promise<void> => {
      for (let each = waiting.pop(); each !== undefined; each = waiting.pop()) {
        const [key, changes] = each
        const found = await readState(kvs, key, Number(key.slice(this.#prefix.length).split('/')[0]))
        const allowed = allowedStates(changes, atUs ?? sharedClockUs())
        if (!allowed.includes(found)) wrong.push(`${key}: found ${found}, of ${allowed.join(' or ')}`)
        if (present.delete(key) !== (found !== 'absent')) wrong.push(`${key}: List and Fetch disagree`)
        if (atUs === undefined) this.#changes.set(key, [{ state: found, sentUs: 0, acknowledgedUs: 0 }])
      }
    }
    await Promise.all(Array.from({ length: 4 }, next))
    if (present.size > 0) wrong.push(`nobody wrote ${[...present].join()}`)
    return wrong
  }
}

/** The last state acknowledged before the moment, first, and all that were sent after it. */
function allowedStates(changes: readonly Change[], atUs: number): readonly State[] {
  const last = changes.findLastIndex(({ acknowledgedUs }) => acknowledgedUs < atUs)
  const later = changes.slice(last + 1).filter(({ sentUs }) => sentUs < atUs)
  return [changes[last]?.state ?? 'absent', ...later.map(({ state }) => state)]
}

function* pieces(key: string, value: Buffer): Generator<object> {
  yield { header: { key } }
  for (let from = 0; from < value.length; from += streamPieceBytes) yield { chunk: value.subarray(from, from + streamPieceBytes) }
  yield { finish: { size: value.length } }
}

async function readState(kvs: PlainClient, key: string, writer: number): Promise<State> {
  try {
    const { value } = await kvs.call<{ readonly value: Uint8Array }>('Fetch', { key })
    return readSequence(writer, value)
  } catch (error) {
    if (statusOf(error) === status.NOT_FOUND) return 'absent'
    if (statusOf(error) === status.DATA_LOSS) return 'damaged'
    throw error
  }
}
