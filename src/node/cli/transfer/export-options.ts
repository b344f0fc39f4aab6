import type { KeyValueClient } from '../client/key-value-client.ts'
import type { TransferReport } from './transfer-report.ts'

export interface ExportOptions {
  readonly client: KeyValueClient
  readonly prefix: string
  readonly report: TransferReport
  readonly signal: AbortSignal
  readonly progressed: () => void
}
