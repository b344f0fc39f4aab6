import type { PlainClient } from '../../support/plain-client.ts'
import { plainClient, statusOf } from '../../support/plain-client.ts'

/** Another program that uses the node, over gRPC. */
export class Program implements Disposable {
  readonly #client: PlainClient

  constructor(grpc: string) {
    this.#client = plainClient('memo.v1.KeyValue', grpc)
  }

  async put(key: string, value: string | Uint8Array, contentType = ''): Promise<void> {
    await this.#client.call('Put', { key, value: Buffer.from(value), content_type: contentType })
  }

  async putAll(entries: Iterable<readonly [string, string | Uint8Array]>): Promise<void> {
    let operations: object[] = []
    const send = async (): Promise<void> => {
      if (operations.length > 0) await this.#client.call('Batch', { operations })
      operations = []
    }
    for (const [key, value] of entries) {
      operations.push({ put: { key, value: Buffer.from(value) } })
      if (operations.length === batchOperations) await send()
    }
    await send()
  }

  /** In chunks, of any size. */
  async putStream(key: string, size: number, chunk: (offset: number, length: number) => Uint8Array): Promise<void> {
    function* messages(): Generator<object> {
      yield { header: { key, size } }
      for (let at = 0; at < size; at += chunkBytes) yield { chunk: chunk(at, Math.min(chunkBytes, size - at)) }
    }
    await this.#client.upload('PutStream', messages())
  }

  /** Null where there is no such key. */
  async bytes(key: string): Promise<Buffer | null> {
    try {
      const { value } = await this.#client.call<{ readonly value: Uint8Array }>('Get', { key })
      return Buffer.from(value)
    } catch (error) {
      if (statusOf(error) === notFound) return null
      throw error
    }
  }

  async get(key: string): Promise<string | null> {
    return (await this.bytes(key))?.toString() ?? null
  }

  async delete(key: string): Promise<void> {
    await this.#client.call('Delete', { key })
  }

  async keys(prefix: string): Promise<readonly string[]> {
    const { items } = await this.#client.call<{ readonly items: readonly ListItem[] }>('List', { prefix })
    return items.map(({ metadata }) => metadata.key)
  }

  [Symbol.dispose](): void {
    this.#client.close()
  }
}

interface ListItem {
  readonly metadata: { readonly key: string }
}

const notFound = 5
const batchOperations = 5_000
const chunkBytes = 1024 * 1024
