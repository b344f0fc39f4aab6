import type { CallControl } from '../client/grpc-connection.ts'
import type { KeyMetadata, KeyValueClient } from '../client/key-value-client.ts'

const pageKeys = 1000

export interface FoundKey {
  readonly metadata: KeyMetadata
  /** The key before it in the store (empty: it is the first); undefined where that is not known. */
  readonly before: string | undefined
}

/**
 * Answers whether keys exist, for keys that mostly come in order: reads the store's own order beside them, a page at a time. A key
 * that lies far beyond the page, or before it, is asked for by itself.
 */
export class ExistingKeys {
  private readonly client: KeyValueClient
  private readonly prefix: string
  private readonly control: CallControl
  private page = new Map<string, FoundKey>()
  /** The page holds every key with `after` < key <= `upTo`; without `upTo` every key behind `after`. */
  private after: Buffer = Buffer.alloc(0)
  private upTo: Buffer | undefined = Buffer.alloc(0)
  /** Lists of a damaged store lack keys that are there. */
  private damaged = false

  constructor(client: KeyValueClient, prefix: string, control: CallControl) {
    this.client = client
    this.prefix = prefix
    this.control = control
  }

  async find(key: string): Promise<FoundKey | undefined> {
    if (this.damaged) return await this.ask(key)
    const bytes = Buffer.from(key)
    if (Buffer.compare(bytes, this.after) <= 0) return await this.ask(key)
    if (this.upTo !== undefined && Buffer.compare(bytes, this.upTo) > 0) await this.load(this.upTo)
    if (this.damaged) return await this.ask(key)
    if (this.upTo === undefined || Buffer.compare(bytes, this.upTo) <= 0) return this.page.get(key)
    await this.load(bytes)
    return await this.ask(key)
  }

  private async ask(key: string): Promise<FoundKey | undefined> {
    const found = await this.client.stat(key, this.control)
    return found === undefined ? undefined : { metadata: found.metadata, before: undefined }
  }

  private async load(after: Buffer): Promise<void> {
    const query = { prefix: this.prefix, startAfter: after.toString('utf8'), limit: pageKeys }
    const { items, nextPageToken, unreadable, incomplete } = await this.client.list(query, this.control)
    this.damaged ||= incomplete || unreadable.length > 0
    this.page = new Map()
    let before = query.startAfter
    for (const { metadata } of items) {
      if (metadata === undefined) continue
      this.page.set(metadata.key, { metadata, before })
      before = metadata.key
    }
    const last = items.at(-1)?.metadata?.key
    this.after = after
    this.upTo = nextPageToken.length === 0 || last === undefined ? undefined : Buffer.from(last)
  }
}
