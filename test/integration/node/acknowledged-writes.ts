import { createHash } from 'node:crypto'
import { status } from '@grpc/grpc-js'
import type { PlainClient } from '../../support/plain-client.ts'
import { statusOf } from '../../support/plain-client.ts'

/** Sizes that take every path: inline, in the journal, chunked under a manifest. */
const sizes = [0, 10, 100, 5000, 16_500, 70_000, 1_048_577, 2_600_000]

/** A value that proves itself: writer, sequence number and size, then bytes that follow from them, then their digest. */
function makeValue(writer: number, sequence: number): Buffer {
  const size = sizes[(writer * 7 + sequence * 3) % sizes.length] ?? 0
  const head = Buffer.from(`${writer} ${sequence} ${size}\n`)
  const body = Buffer.alloc(size, createHash('sha256').update(head).digest())
  return Buffer.concat([head, body, createHash('sha256').update(head).update(body).digest()])
}

function readSequence(writer: number, value: Uint8Array): number {
  const sequence = Number(Buffer.from(value).toString('latin1', 0, 64).split(' ')[1])
  if (!Number.isSafeInteger(sequence) || !makeValue(writer, sequence).equals(value))
    throw new Error(`half a value at writer ${writer}`)
  return sequence
}

/** What one key may hold: the last state that was acknowledged, or any that was sent after it and not answered. */
interface Expectation {
  acknowledged: number | 'absent'
  pending: (number | 'absent')[]
}

/**
 * Writers with keys of their own, each counting up, over processes that die. After a death the checker reads every key and
 * accepts the acknowledged state or one that was on its way; what it finds is from then on the acknowledged one.
 */
export class AcknowledgedWrites {
  readonly #expectations = new Map<string, Expectation>()
  readonly #sequences: number[]
  readonly #writers: number
  readonly #keysOfWriter: number
  acknowledged = 0
  unanswered = 0

  constructor(writers: number, keysOfWriter: number) {
    this.#writers = writers
    this.#keysOfWriter = keysOfWriter
    this.#sequences = Array.from({ length: writers }, () => 0)
  }

  /** Writes until the process behind the client is gone. Resolves when every writer has met the loss. */
  async writeUntilLost(client: PlainClient): Promise<void> {
    await Promise.all(Array.from({ length: this.#writers }, (_, writer) => this.#write(client, writer)))
  }

  async #write(client: PlainClient, writer: number): Promise<void> {
    for (;;) {
      const sequence = (this.#sequences[writer] ?? 0) + 1
      this.#sequences[writer] = sequence
      const key = `writer/${writer}/${sequence % this.#keysOfWriter}`
      const expectation = this.#expectations.get(key) ?? { acknowledged: 'absent', pending: [] }
      this.#expectations.set(key, expectation)
      const removes = sequence % 11 === 0
      const state = removes ? 'absent' : sequence
      expectation.pending.push(state)
      try {
        if (removes) await client.call('Delete', { key })
        else await client.call('Upsert', { key, value: makeValue(writer, sequence) })
      } catch (error) {
        if (!(removes && statusOf(error) === status.NOT_FOUND)) {
          this.unanswered++
          if (statusOf(error) === status.UNAVAILABLE) return
          throw error
        }
      }
      expectation.acknowledged = state
      expectation.pending = []
      this.acknowledged++
    }
  }

  /** Throws at the first key whose state is neither acknowledged nor pending, or whose value is not whole. */
  async check(client: PlainClient): Promise<void> {
    const listed = await client.call<{ readonly items: readonly { readonly key: string }[] }>('List', { prefix: 'writer/' })
    const present = new Set(listed.items.map((item) => item.key))
    for (const [key, expectation] of this.#expectations) {
      const found = await this.#read(client, key)
      if (found !== expectation.acknowledged && !expectation.pending.includes(found)) {
        throw new Error(`${key}: found ${found}, acknowledged ${expectation.acknowledged}, pending ${expectation.pending.join()}`)
      }
      if (present.has(key) !== (found !== 'absent')) throw new Error(`${key}: List and Fetch disagree`)
      expectation.acknowledged = found
      expectation.pending = []
    }
  }

  async #read(client: PlainClient, key: string): Promise<number | 'absent'> {
    try {
      const { value } = await client.call<{ readonly value: Uint8Array }>('Fetch', { key })
      return readSequence(Number(key.split('/')[1]), value)
    } catch (error) {
      if (statusOf(error) === status.NOT_FOUND) return 'absent'
      throw error
    }
  }
}
