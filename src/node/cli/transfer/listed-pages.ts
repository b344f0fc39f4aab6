import type { ListResponse } from '../../api/grpc/generated/memo/v1/key_value_pb.js'
import type { ExportOptions } from './export-options.ts'

/** The pages of an export. Keys that cannot be read are told to its report, and so is that some may be missing. */
export async function* listedPages(
  { client, prefix, signal, report, progressed }: ExportOptions,
  limit: number,
): AsyncGenerator<ListResponse> {
  let pageToken: Uint8Array = new Uint8Array(0)
  do {
    signal.throwIfAborted()
    const page = await client.list({ prefix, pageToken, limit }, { signal })
    for (const key of page.unreadable) {
      report.fail('entry-damaged', key.slice(prefix.length))
      progressed()
    }
    report.incomplete ||= page.incomplete
    yield page
    pageToken = page.nextPageToken
  } while (pageToken.length > 0)
}

/** At the end of an export: its reads may have found the node's index damaged after the last page was listed. */
export async function askForIndexDamage({ client, prefix, signal, report }: ExportOptions): Promise<void> {
  if (!report.isDamaged || report.incomplete) return
  const { incomplete } = await client.list({ prefix, limit: 1 }, { signal })
  report.incomplete = incomplete
}
