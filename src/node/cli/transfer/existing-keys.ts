import type { CallControl } from '../client/grpc-connection.ts'
import type { KeyMetadata, KeyValueClient } from '../client/key-value-client.ts'

const pageKeys = 1000

/**
 * Answers whether keys exist, for keys that mostly come in order: reads the store's own order beside them, a page at a time. A key
 * that lies far beyond the page, or before it, is asked for by itself.
 */
export class ExistingKeys {
  private readonly client: KeyValueClient
  private readonly prefix: string
  private readonly control: CallControl
  private page = new Map<string, KeyMetadata>()
  /** The page holds every key with `after` < key <= `upTo`; without `upTo` every key behind `after`. */
  private after: Buffer = Buffer.alloc(0)
  private upTo: Buffer | undefined = Buffer.alloc(0)

  constructor(client: KeyValueClient, prefix: string, control: CallControl) {
    this.client = client
    this.prefix = prefix
    this.control = control
  }

  async find(key: string): Promise<KeyMetadata | undefined> {
    const bytes = Buffer.from(key)
    if (Buffer.compare(bytes, this.after) <= 0) return await this.client.stat(key, this.control)
    if (this.upTo !== undefined && Buffer.compare(bytes, this.upTo) > 0) await this.load(this.upTo)
    if (this.upTo === undefined || Buffer.compare(bytes, this.upTo) <= 0) return this.page.get(key)
    await this.load(bytes)
    return await this.client.stat(key, this.control)
  }

  private async load(after: Buffer): Promise<void> {
    const query = { prefix: this.prefix, startAfter: after.toString('utf8'), limit: pageKeys }
    const { items, nextPageToken } = await this.client.list(query, this.control)
    this.page = new Map(items.flatMap(({ metadata }) => (metadata === undefined ? [] : [[metadata.key, metadata]])))
    const last = items.at(-1)?.metadata?.key
    this.after = after
    this.upTo = nextPageToken.length === 0 || last === undefined ? undefined : Buffer.from(last)
  }
}
